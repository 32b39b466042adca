import { describe, expect, test } from 'vitest'
import { kernelOutcome, USUAL_KERNEL } from '../../../src/boot/kernel-client.ts'

// The table that was tried on a real kernel 6.1 as a Xen guest: answer from 10.77.0.1, address 10.77.0.50.
const lab = {
  address: '10.77.0.50',
  mask: '255.255.255.0',
  router: '10.77.0.1',
  siaddr: '10.77.0.1',
  serverId: '10.77.0.1',
  hostname: 'nfs1',
}
const ask = (rootPath: string | undefined, more: object = {}, cmdline = 'ip=dhcp') =>
  kernelOutcome(`root=/dev/nfs ${cmdline} rw`, { ...lab, ...(rootPath && { rootPath }), ...more })

describe('the kernel’s own DHCP client', () => {
  test.each([
    ['/srv/nfs/guest1', {}, 'ip=dhcp', '10.77.0.1', '/srv/nfs/guest1', '3', 'rsize=4096'],
    ['10.77.0.1:/srv/nfs/guest1', {}, 'ip=dhcp', '10.77.0.1', '/srv/nfs/guest1', '3', 'rsize=4096'],
    [
      '/srv/nfs/guest1,vers=4,tcp,rsize=32768',
      {},
      'ip=dhcp',
      '10.77.0.1',
      '/srv/nfs/guest1',
      '4.0',
      'rsize=32768',
    ],
    [
      '10.77.0.1:/srv/nfs/guest1,vers=4.1,rsize=32768',
      {},
      'ip=dhcp',
      '10.77.0.1',
      '/srv/nfs/guest1',
      '4.1',
      'rsize=32768',
    ],
    [
      '/srv/nfs/guest1',
      { siaddr: '10.77.0.9' },
      'ip=dhcp',
      '10.77.0.9',
      '/srv/nfs/guest1',
      '3',
      'rsize=4096',
    ],
    [
      '10.77.0.1:/srv/nfs/guest1',
      {},
      'ip=dhcp nfsroot=,vers=4,rsize=65536',
      '10.77.0.1',
      '/srv/nfs/guest1',
      '4.0',
      'rsize=65536',
    ],
    [
      '10.77.0.1:/srv/nfs/other',
      {},
      'ip=dhcp nfsroot=10.77.0.9:/srv/nfs/guest1,vers=3,rsize=16384',
      '10.77.0.9',
      '/srv/nfs/guest1',
      '3',
      'rsize=16384',
    ],
    ['10.77.0.1:/srv/nfs/%s', {}, 'ip=dhcp', '10.77.0.1', '/srv/nfs/nfs1', '3', 'rsize=4096'],
    [undefined, {}, 'ip=dhcp', '10.77.0.1', '/tftpboot/nfs1', '3', 'rsize=4096'],
  ])(
    'given root path %s and %j with %s mounts %s:%s by NFS %s, %s',
    (rootPath, more, cmdline, server, path, version, size) => {
      const outcome = ask(rootPath, more, cmdline)
      expect(outcome).toMatchObject({ autoconf: 'dhcp', client: '10.77.0.50', server, path, version })
      expect(outcome.options.findLast((option) => option.startsWith('rsize='))).toBe(size)
    },
  )

  test('has no server when the answer names none', () => {
    expect(ask('/srv/x', { siaddr: undefined })).toMatchObject({
      server: '0.0.0.0',
      faults: expect.arrayContaining([expect.objectContaining({ severity: 'fail' })]),
    })
  })

  test('takes a mask of /32 for none and guesses by class', () => {
    expect(ask('/srv/x', { mask: '255.255.255.255' })).toMatchObject({ netmask: '255.0.0.0' })
  })

  test('asks the DHCP server for names when it is told no other, the boot server after BOOTP', () => {
    const away = { serverId: '10.77.0.100' }
    expect(ask('/srv/x', away).dns).toEqual(['10.77.0.100'])
    expect(ask('/srv/x', away, 'ip=bootp').dns).toEqual(['10.77.0.1'])
  })

  test('names itself by its address when it is told no name', () => {
    expect(ask('/srv/%s', { hostname: undefined }).path).toBe('/srv/10.77.0.50')
  })

  test('keeps the name of ip= over that of the answer', () => {
    expect(ask('/srv/%s', {}, 'ip=::::web1:eth0:dhcp')).toMatchObject({ hostname: 'web1', path: '/srv/web1' })
  })

  test('leaves open what only an answer can say', () => {
    expect(kernelOutcome('root=/dev/nfs ip=dhcp nfsroot=,vers=3')).toMatchObject({
      needsAnswer: true,
      client: undefined,
      server: undefined,
      path: undefined,
      version: '3',
      faults: [],
    })
  })
})

describe('a command line that fails, and why', () => {
  const nfsroot = 'nfsroot=10.77.0.1:/srv/x,vers=3,rsize=65536'
  test.each([
    ['no ip= at all', `root=/dev/nfs ${nfsroot}`, 'leaves the network down'],
    ['ip=off', `root=/dev/nfs ${nfsroot} ip=off`, 'leaves the network down'],
    ['another root', `root=/dev/xvda ${nfsroot} ip=10.77.0.50:::255.0.0.0`, 'is not /dev/nfs'],
    ['another device', `root=/dev/nfs ${nfsroot} ip=10.77.0.50:::255.0.0.0:web1:eth1:off`, 'no device eth1'],
    [
      'an address but no server',
      'root=/dev/nfs nfsroot=/srv/x ip=10.77.0.50:::255.0.0.0',
      'drops every offer',
    ],
    ['xm’s line under xl', 'root=/dev/nfs console=hvc0', 'leaves the network down'],
    [
      'a name for a server',
      'root=/dev/nfs nfsroot=filer:/srv/x ip=10.77.0.50:10.77.0.1:::::off',
      '/tftpboot/filer:/srv/x',
    ],
    [
      'two conversions in the path',
      'root=/dev/nfs nfsroot=10.77.0.1:/%s/%s ip=10.77.0.50:10.77.0.1::255.0.0.0',
      'printf',
    ],
    [
      'a server out of reach',
      'root=/dev/nfs nfsroot=10.99.0.1:/x ip=10.77.0.50:::255.255.255.0',
      'no gateway',
    ],
    ['too many options', `root=/dev/nfs ${nfsroot},${'x'.repeat(190)} ip=10.77.0.50:::255.0.0.0`, 'too long'],
  ])('%s', (_what, cmdline, why) => {
    const outcome = kernelOutcome(cmdline)
    expect(`${outcome.path} ${outcome.faults.map(({ message }) => message).join('; ')}`).toContain(why)
  })

  test('dhcp asked of a kernel that was built without it turns configuration off', () => {
    const features = { ...USUAL_KERNEL, dhcp: false, bootp: false }
    const line = `root=/dev/nfs ${nfsroot} ip=::::web1:eth0:dhcp`
    expect(kernelOutcome(line, lab, features)).toMatchObject({ autoconf: 'none', client: undefined })
    expect(kernelOutcome(line, lab)).toMatchObject({ autoconf: 'dhcp', client: '10.77.0.50', faults: [] })
  })

  test('bootp asked of a kernel with DHCP alone is read as an address', () => {
    const features = { ...USUAL_KERNEL, bootp: false }
    expect(kernelOutcome(`root=/dev/nfs ${nfsroot} ip=bootp`, lab, features)).toMatchObject({
      autoconf: 'static',
      client: '188.0.0.0',
      faults: expect.arrayContaining([
        expect.objectContaining({ message: 'the kernel reads bootp in ip= as the address 188.0.0.0' }),
      ]),
    })
  })

  test('version 2 is what a kernel with NFS 2 tries first', () => {
    expect(kernelOutcome('root=/dev/nfs ip=dhcp', lab, { ...USUAL_KERNEL, nfs2: true }).version).toBe('2')
  })
})

describe('an address and a server in ip= with dhcp after them', () => {
  test('are static: nobody is asked', () => {
    const line =
      'root=/dev/nfs nfsroot=/srv/x,vers=3,rsize=65536 ip=10.77.0.50:10.77.0.1::255.0.0.0:web1:eth0:dhcp'
    expect(kernelOutcome(line)).toMatchObject({ autoconf: 'static', needsAnswer: false, faults: [] })
  })
})

test('of two root options the last counts, and ro follows rw', () => {
  expect(kernelOutcome('root=/dev/xvda root=/dev/nfs nfsroot=1.2.3.4:/x ip=off rw ro')).toMatchObject({
    readOnly: true,
    server: '1.2.3.4',
  })
})
