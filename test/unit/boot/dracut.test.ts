import { describe, expect, test } from 'vitest'
import { dracutOutcome } from '../../../src/boot/dracut.ts'

const fixed = 'ip=10.77.0.50:10.77.0.1::255.255.255.0:web1:eth0:off net.ifnames=0'
const answer = {
  address: '10.77.0.50',
  mask: '255.255.255.0',
  siaddr: '10.77.0.1',
  serverId: '10.77.0.2',
  rootPath: '10.77.0.3:/srv/x,vers=3',
}

describe('the ways to name a root', () => {
  test.each([
    ['root=nfs:10.77.0.1:/srv/x:vers=3,tcp', '10.77.0.1', '/srv/x', '3'],
    ['root=nfs:10.77.0.1:/srv/x,vers=3,tcp', '10.77.0.1', '/srv/x', '3'],
    ['root=nfs4:10.77.0.1:/srv/x:vers=4.2', '10.77.0.1', '/srv/x', '4.2'],
    ['root=10.77.0.1:/srv/x,vers=3', '10.77.0.1', '/srv/x', '3'],
    ['root=/dev/nfs nfsroot=10.77.0.1:/srv/x,vers=3', '10.77.0.1', '/srv/x', '3'],
    ['root=nfs:10.77.0.1:/srv/%s:vers=3', '10.77.0.1', '/srv/web1', '3'],
    ['root=nfs:/srv/x:vers=3', '10.77.0.1', '/srv/x', '3'],
  ])('%s', (root, server, path, version) => {
    expect(dracutOutcome(`${root} ${fixed}`)).toMatchObject({ server, path, version, faults: [] })
  })
})

describe('by DHCP', () => {
  test.each([
    ['root=dhcp', '10.77.0.3', '/srv/x', '3'],
    ['root=/dev/nfs', '10.77.0.3', '/srv/x', '3'],
    ['root=nfs:10.77.0.1:/srv/y:vers=4.1', '10.77.0.1', '/srv/y', '4.1'],
    ['root=nfs:/srv/y:vers=4.1', '10.77.0.3', '/srv/x', '3'],
  ])('%s mounts %s:%s by NFS %s', (root, server, path, version) => {
    expect(dracutOutcome(`${root} ip=eth0:dhcp net.ifnames=0`, answer)).toMatchObject({
      autoconf: 'dhcp',
      client: '10.77.0.50',
      server,
      path,
      version,
      faults: [],
    })
  })

  test('option 17 may choose NFS 4', () => {
    expect(
      dracutOutcome('root=dhcp ip=dhcp', { ...answer, rootPath: 'nfs4:10.77.0.3:/srv/x' }),
    ).toMatchObject({
      path: '/srv/x',
      version: undefined,
    })
  })

  test('no ip= means DHCP', () => {
    expect(dracutOutcome('root=dhcp').needsAnswer).toBe(true)
  })
})

describe('a command line that fails, and why', () => {
  test.each([
    ['a local root', `root=/dev/xvda ${fixed}`, "Don't know how to handle"],
    ['nfsroot= with another root', `root=nfs:1.2.3.4:/x nfsroot=/y ${fixed}`, 'only with root=/dev/nfs'],
    ['bootp', 'root=nfs:1.2.3.4:/x:vers=3 ip=bootp', 'unsupported'],
    ['no mask', 'root=nfs:1.2.3.4:/x:vers=3 ip=1.2.3.5::::w:eth0:off net.ifnames=0', 'guesses no netmask'],
    [
      'an address and dhcp',
      'root=nfs:1.2.3.4:/x:vers=3 ip=1.2.3.5:::255.0.0.0:w:eth0:dhcp',
      'does not make sense',
    ],
    ['udev’s names', 'root=nfs:1.2.3.4:/x:vers=3 ip=1.2.3.5:::255.0.0.0:w:eth0:off', 'renames eth0'],
    ['no version', `root=nfs:1.2.3.4:/x ${fixed}`, 'tries 4.2 first'],
  ])('%s', (_what, cmdline, why) => {
    expect(
      dracutOutcome(cmdline)
        .faults.map(({ message }) => message)
        .join('; '),
    ).toContain(why)
  })
})
