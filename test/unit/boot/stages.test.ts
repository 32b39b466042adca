import { describe, expect, test } from 'vitest'
import { mountSignOf } from '../../../src/boot/mount-log.ts'
import { causeIn, STAGES, stageOf, usualCause } from '../../../src/boot/stages.ts'
import {
  domainDocument,
  guestFrom,
  imageDocument,
  kernelDocument,
  siteDocument,
} from '../../builders/site.ts'

const menas = guestFrom()
const asking = guestFrom(siteDocument({ domains: [domainDocument({ boot: 'dhcp' })] }))

describe('the console of a guest', () => {
  test.each([
    ['[    0.000000] Linux version 6.1.0 (gcc 12)', 'kernel', 'Linux version 6.1.0'],
    [
      'IP-Config: Got DHCP answer from 38.99.2.7, my address is 38.99.2.222',
      'address',
      'IP-Config: Got DHCP answer from 38.99.2.7, my address is 38.99.2.222',
    ],
    [
      'VFS: Mounted root (nfs filesystem) on device 0:15.',
      'mount',
      'VFS: Mounted root (nfs filesystem) on device 0:15.',
    ],
    ['VFS: Mounted root (nfs4 filesystem) readonly', 'mount', 'VFS: Mounted root (nfs4 filesystem) readonly'],
    [
      'Kernel panic - not syncing: VFS: Unable to mount root fs',
      'failed',
      'Kernel panic - not syncing: VFS: Unable to mount root fs',
    ],
  ])('%s', (line, stage, detail) => {
    expect(stageOf(line)).toEqual({ stage, detail })
  })

  test('other lines say nothing', () => {
    expect(stageOf('NET: Registered PF_INET6 protocol family')).toBeUndefined()
    expect(causeIn('NET: Registered PF_INET6 protocol family', menas)).toBeUndefined()
  })

  test.each([
    ['[    0.000000] Command line: note=xxx', true],
    ['[    0.000000] Kernel command line: rw nfsroot=10.0.0.1:/slack', true],
    ['[    0.000000] Command line: root=/dev/nfs rw', false],
    ['[    0.000000] Kernel command line: rw root=/dev/nfs', false],
    [
      '[    0.000000] Unknown kernel command line parameters "note=xxx", will be passed to user space.',
      false,
    ],
  ])('whether root= is missing in %j: %s', (line, isMissing) => {
    expect(causeIn(line, menas)?.startsWith('the kernel saw no root=')).toBe(isMissing ? true : undefined)
  })

  test('how every failed mount ends does not hide what was said before', () => {
    expect(causeIn('VFS: Unable to mount root fs via NFS.', menas)).toBeUndefined()
    expect(causeIn('Kernel panic - not syncing: No working init found.', menas)).toBeUndefined()
  })

  test.each([
    ['IP-Config: No network devices available', /CONFIG_XEN_NETDEV_FRONTEND/],
    ['Sending DHCP requests ...... timed out!', /nobody answers/],
    ['Root-NFS: no NFS server address', /no address to mount from/],
    ['VFS: Cannot open root device "nfs" or unknown-block(0,255): error -6', /CONFIG_ROOT_NFS/],
    [
      'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)',
      /no root=\/dev\/nfs: .* Xen cut it off/,
    ],
    ["Starting init: /sbin/init exists but couldn't execute it (error -8)", /another architecture/],
    ['Failure: Network device did not appear in time', /no driver of the network card, xen-netfront/],
    ["nfsmount: bad NFS version '4'", /use nfsVersion 3/],
    ['mount call failed - server replied: Permission denied.', /is this guest address exported/],
    ['mount: the kernel lacks NFS v3 support', /lacks the module of this NFS version/],
    ["dracut: FATAL: Don't know how to handle 'root=nfs:10.0.2.2:/srv'", /--add nfs/],
    ['/sbin/init: error while loading shared libraries: libc.so.6: cannot open', /library that is missing/],
  ])('%s is explained', (line, cause) => {
    expect(causeIn(line, menas)).toMatch(cause)
  })
})

describe('who answered', () => {
  const line = (from: string, given: string) =>
    `IP-Config: Got DHCP answer from ${from}, my address is ${given}`

  test('an answer of ours is no cause', () => {
    expect(causeIn(line('38.99.2.7', '38.99.2.222'), asking)).toBeUndefined()
  })

  test('another server is named', () => {
    expect(causeIn(line('10.0.0.9', '38.99.2.222'), asking)).toBe('answered by 10.0.0.9, not by us')
  })

  test('another address is named', () => {
    expect(causeIn(line('10.0.0.9', '10.0.0.33'), asking)).toBe(
      'answered by 10.0.0.9, not by us: it got 10.0.0.33, not 38.99.2.222',
    )
  })

  test('a guest with a fixed address asks nobody', () => {
    expect(causeIn(line('10.0.0.9', '10.0.0.33'), menas)).toBeUndefined()
  })
})

describe('the log of mountd', () => {
  const path = '/usr/xen/images/slack'

  test.each([
    [
      `authenticated mount request from 38.99.2.222:1021 for ${path} (${path})`,
      true,
      `38.99.2.222 may mount ${path}`,
    ],
    [
      `Nov 25 22:00:00 filer rpc.mountd[77]: refused mount request from 38.99.2.222 for ${path} (/): not exported`,
      false,
      `mount refused: ${path} is not exported to 38.99.2.222`,
    ],
    [
      `refused mount request from 38.99.2.223 for ${path} (${path}): unmatched host`,
      false,
      `mount refused: ${path} is not exported to 38.99.2.223`,
    ],
    [
      `refused mount request from 38.99.2.222 for ${path} (${path}): illegal port 40000`,
      false,
      'mount refused: 38.99.2.222: illegal port 40000',
    ],
    [
      `mount request denied from 38.99.2.222 for ${path}`,
      false,
      `mount refused: ${path} is not exported to 38.99.2.222`,
    ],
    [`mount request succeeded from 38.99.2.222 for ${path}`, true, `38.99.2.222 may mount ${path}`],
  ])('%s', (line, isAllowed, detail) => {
    expect(mountSignOf(menas, line)).toEqual({ isAllowed, detail })
  })

  test('what is about others says nothing', () => {
    expect(
      mountSignOf(menas, 'authenticated mount request from 38.99.2.9:700 for /srv/other (/srv)'),
    ).toBeUndefined()
    expect(mountSignOf(menas, 'Version 2.6.2 starting')).toBeUndefined()
  })

  test('on a shared root only the address tells whose mount it is', () => {
    const shared = guestFrom(siteDocument({ images: [imageDocument({ sharing: 'shared' })] }))
    const line = `refused mount request from 38.99.2.9 for ${path} (${path}): unmatched host`
    expect(mountSignOf(shared, line)).toBeUndefined()
  })
})

test('every stage but the last ones has a usual cause for going no further', () => {
  expect(STAGES.filter((stage) => usualCause(asking, stage) === undefined)).toEqual(['init', 'failed'])
})

test('a guest that is stuck in its initramfs is not told of the kernel', () => {
  const kernels = [kernelDocument({ initrd: '/boot/initrd.img' })]
  expect(usualCause(guestFrom(siteDocument({ kernels })), 'kernel')).toMatch(/^its initramfs does not come/)
  expect(usualCause(menas, 'kernel')).toMatch(/^the kernel sets up no network/)
})
