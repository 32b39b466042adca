import { describe, expect, test } from 'vitest'
import { klibcOutcome, mkinitcpioOutcome } from '../../../src/boot/klibc.ts'

const answer = {
  address: '10.77.0.50',
  mask: '255.255.255.0',
  router: '10.77.0.1',
  siaddr: '10.77.0.1',
  serverId: '10.77.0.2',
  hostname: 'nfs1',
  rootPath: '10.77.0.1:/srv/x',
}
const asks = 'boot=nfs ip=::::web1:eth0:dhcp net.ifnames=0 rw'
const messages = (cmdline: string, more: object = {}) =>
  klibcOutcome(cmdline, { ...answer, ...more })
    .faults.map(({ message }) => message)
    .join('; ')

describe('initramfs-tools by DHCP', () => {
  test('mounts option 17 as it is, with the read size of the server’s choice', () => {
    expect(klibcOutcome(`${asks} nfsroot=auto`, answer)).toMatchObject({
      server: '10.77.0.1',
      path: '/srv/x',
      version: '3',
      options: ['nolock', 'rw', 'retrans=10'],
      hostname: 'nfs1',
      faults: [],
    })
  })

  test('takes the server from the answer when the root path has none', () => {
    expect(klibcOutcome(asks, { ...answer, rootPath: '/srv/x' })).toMatchObject({
      server: '10.77.0.1',
      path: '/srv/x',
    })
    expect(klibcOutcome(asks, { ...answer, rootPath: '/srv/x', siaddr: '0.0.0.0' }).server).toBe('10.77.0.2')
  })

  test('forgets the name of ip= when the answer has none', () => {
    const { hostname: _, ...nameless } = answer
    expect(klibcOutcome(asks, nameless).hostname).toBeUndefined()
  })

  test('cannot take options in option 17', () => {
    expect(messages(asks, { rootPath: '10.77.0.1:/srv/x,vers=3' })).toContain('all of option 17 as the path')
  })

  test('has no path when nfsroot= holds options alone', () => {
    expect(messages(`${asks} nfsroot=,v3,tcp`)).toContain('need a path')
  })
})

describe('a command line that fails, and why', () => {
  const fixed = 'ip=10.77.0.50:10.77.0.1::255.255.255.0:web1:eth0:off net.ifnames=0'
  test.each([
    ['no boot=nfs', `root=/dev/xvda ${fixed} nfsroot=10.77.0.1:/x`, 'local root'],
    ['boot=local before', `boot=local root=/dev/nfs ${fixed} nfsroot=10.77.0.1:/x`, 'local root'],
    [
      'udev’s names',
      `boot=nfs ${fixed.replace(' net.ifnames=0', '')} nfsroot=10.77.0.1:/x`,
      'renames eth0 to enX0',
    ],
    ['NFS 4', `boot=nfs ${fixed} nfsroot=10.77.0.1:/x,vers=4.2`, "bad NFS version '4'"],
    ['an unknown option', `boot=nfs ${fixed} nfsroot=10.77.0.1:/x,proto=tcp`, "bad option 'proto'"],
    ['ip=off', 'boot=nfs ip=off nfsroot=10.77.0.1:/x', 'leaves the network down'],
    ['a word it does not know', 'boot=nfs ip=never nfsroot=10.77.0.1:/x', "invalid protocol 'never'"],
    ['a name for an address', 'boot=nfs ip=10.77.0.50:filer::255.0.0.0:w:eth0:off nfsroot=/x', "'filer'"],
    ['a name for the server', `boot=nfs ${fixed} nfsroot=filer:/x`, 'nfsmount has no server: filer'],
  ])('%s', (_what, cmdline, why) => {
    expect(messages(cmdline)).toContain(why)
  })
})

test('the mount of mkinitcpio needs root=/dev/nfs', () => {
  const line = 'ip=10.77.0.50:10.77.0.1::255.255.255.0:web1:eth0:off net.ifnames=0'
  expect(mkinitcpioOutcome(`root=/dev/nfs nfsroot=10.77.0.1:/x,v3 ${line}`).faults).toEqual([])
  expect(mkinitcpioOutcome(`root=/dev/xvda ${line}`).faults).not.toEqual([])
})
