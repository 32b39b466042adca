import { describe, expect, test } from 'vitest'
import { checkCmdline, composeCmdline } from '../../../src/boot/cmdline.ts'
import { compareOutcome, expectedAnswer } from '../../../src/boot/expected.ts'
import { models } from '../../../src/boot/models.ts'
import {
  domainDocument,
  guestFrom,
  imageDocument,
  kernelDocument,
  networkDocument,
  siteDocument,
} from '../../builders/site.ts'

const guest = (domain: object = {}, more: object = {}) =>
  guestFrom(siteDocument({ domains: [domainDocument({ ...domain })], ...more }))
const withInitrd = (initramfs?: string) => ({
  kernels: [kernelDocument({ initrd: '/boot/initrd.img', ...(initramfs && { initramfs }) })],
})

describe('the command line of the book’s guest', () => {
  test('with a fixed address', () => {
    expect(composeCmdline(guest())).toBe(
      'root=/dev/nfs nfsroot=38.99.2.7:/usr/xen/images/slack,vers=3,tcp,hard,rsize=1048576,wsize=1048576 ip=38.99.2.222:38.99.2.7:38.99.2.1:255.255.255.0:menas:eth0:off:38.99.2.1 rw console=hvc0',
    )
  })

  test.each(['dhcp', 'bootp'])('by %s names no server, path or address', (boot) => {
    expect(composeCmdline(guest({ boot }))).toBe(
      `root=/dev/nfs ip=::::menas:eth0:${boot} nfsroot=,vers=3,tcp,hard,rsize=1048576,wsize=1048576 rw console=hvc0`,
    )
  })

  test('through an initrd of initramfs-tools', () => {
    expect(composeCmdline(guest({}, withInitrd()))).toBe(
      'root=/dev/nfs nfsroot=38.99.2.7:/usr/xen/images/slack,v3,tcp,hard,rsize=1048576,wsize=1048576 ip=38.99.2.222:38.99.2.7:38.99.2.1:255.255.255.0:menas:eth0:off:38.99.2.1 rw console=hvc0 boot=nfs net.ifnames=0',
    )
  })

  test('through an initrd of initramfs-tools by DHCP', () => {
    expect(composeCmdline(guest({ boot: 'dhcp' }, withInitrd()))).toBe(
      'root=/dev/nfs ip=::::menas:eth0:dhcp nfsroot=auto rw console=hvc0 boot=nfs net.ifnames=0',
    )
  })

  test('through an initrd of dracut', () => {
    expect(composeCmdline(guest({ nfsVersion: '4.2' }, withInitrd('dracut')))).toBe(
      'root=nfs4:38.99.2.7:/usr/xen/images/slack:vers=4.2,tcp,hard,rsize=1048576,wsize=1048576 ip=38.99.2.222:38.99.2.7:38.99.2.1:255.255.255.0:menas:eth0:off:38.99.2.1 rw console=hvc0 rd.neednet=1 net.ifnames=0',
    )
  })
})

test('a shared image is mounted read-only', () => {
  expect(composeCmdline(guest({}, { images: [imageDocument({ sharing: 'shared' })] }))).toContain(' ro ')
})

test('options follow ours, and extra text comes last', () => {
  const line = composeCmdline(guest({ nfsOptions: 'timeo=50', cmdlineExtra: 'quiet panic=10' }))
  expect(line).toContain(',wsize=1048576,timeo=50 ')
  expect(line).toMatch(/ quiet panic=10$/)
})

test('missing gateway and name servers leave their fields empty, or out at the end', () => {
  const networks = [networkDocument({ gateway: undefined, dns: [] })]
  expect(composeCmdline(guest({}, { networks }))).toContain(
    ' ip=38.99.2.222:38.99.2.7::255.255.255.0:menas:eth0:off ',
  )
})

test('a time server keeps its field when there is no name server', () => {
  const networks = [networkDocument({ dns: [], ntp: ['38.99.2.9'] })]
  expect(composeCmdline(guest({}, { networks }))).toContain(':eth0:off:::38.99.2.9 ')
})

describe('a command line that cannot work is refused with a way out', () => {
  const problems = (domain: object, more: object = {}) => checkCmdline(guest(domain, more))

  test('longer than Xen passes on', () => {
    const spare = 1023 - composeCmdline(guest()).length - 1
    expect(problems({ cmdlineExtra: 'x'.repeat(spare) })).toEqual([])
    expect(problems({ cmdlineExtra: 'x'.repeat(spare + 3) })).toEqual([
      {
        path: 'domains/menas/cmdlineExtra',
        message: expect.stringMatching(/1026 bytes.*silently after 1023: shorten .* by 3$/),
      },
    ])
  })

  test.each([
    ['NFS 4 through klibc', { nfsVersion: '4.1' }, withInitrd(), 'nfsVersion', /2 and 3 only, not 4\.1: use/],
    ['NFS 4 through mkinitcpio', { nfsVersion: '4.1' }, withInitrd('mkinitcpio'), 'nfsVersion', /use nfs/],
    [
      'an option klibc does not know',
      { nfsOptions: 'proto=tcp' },
      withInitrd(),
      'nfsOptions',
      /^proto=tcp: /,
    ],
    ['BOOTP through dracut', { boot: 'bootp' }, withInitrd('dracut'), 'boot', /use boot: dhcp or static/],
    ['a colon through dracut', { nfsOptions: 'a=b:c' }, withInitrd('dracut'), 'nfsOptions', /colon/],
    [
      'more options than the kernel keeps',
      { nfsOptions: 'x'.repeat(200) },
      {},
      'nfsOptions',
      /shorten .* by/,
    ],
  ])('%s', (_what, domain, more, field, message) => {
    expect(problems(domain, more)).toEqual([
      { path: `domains/menas/${field}`, message: expect.stringMatching(message) },
    ])
  })

  test.each([
    [
      'rw on a shared image',
      { cmdlineExtra: 'quiet rw' },
      { images: [imageDocument({ sharing: 'shared' })] },
      /mounts rw what is shared ro/,
    ],
    ['another boot script', { cmdlineExtra: 'boot=local' }, withInitrd(), /looks for a local root/],
    ['names by udev', { cmdlineExtra: 'net.ifnames=1' }, withInitrd(), /renames eth0 to enX0/],
  ])('%s in cmdlineExtra', (_what, domain, more, message) => {
    expect(problems(domain, more)).toEqual([
      { path: 'domains/menas/cmdlineExtra', message: expect.stringMatching(message) },
    ])
  })

  test('but nothing is said of the book’s guest in any dialect', () => {
    expect(
      (['kernel', 'klibc', 'dracut', 'mkinitcpio'] as const).flatMap((dialect) =>
        checkCmdline(guest(), { dialect }),
      ),
    ).toEqual([])
  })
})

describe('addressing, NFS version and reader', () => {
  const together = (['kernel', 'klibc', 'dracut', 'mkinitcpio'] as const).flatMap((dialect) =>
    (['static', 'dhcp', 'bootp'] as const).flatMap((boot) =>
      (['3', '4.0', '4.1', '4.2'] as const).map((nfsVersion) => ({ dialect, boot, nfsVersion })),
    ),
  )
  const works = ({ dialect, boot, nfsVersion }: (typeof together)[number]) =>
    dialect === 'kernel' || (dialect === 'dracut' ? boot !== 'bootp' : nfsVersion === '3')

  test.each(together.filter((one) => !works(one)))(
    'that cannot work together are refused with the reason: $dialect $boot $nfsVersion',
    ({ dialect, boot, nfsVersion }) => {
      const [problem, ...more] = checkCmdline(guest({ boot, nfsVersion }), { dialect })
      expect(more).toEqual([])
      expect(problem?.message).toMatch(
        dialect === 'dracut' ? /refuses ip=bootp: use/ : /mounts NFS 2 and 3 only, not 4\.\d: use/,
      )
    },
  )

  test.each(together.filter(works))(
    'that can work together lead to the guest’s own root: $dialect $boot $nfsVersion',
    ({ dialect, boot, nfsVersion }) => {
      const asked = guest({ boot, nfsVersion })
      expect(checkCmdline(asked, { dialect })).toEqual([])
      const outcome = models[dialect](
        composeCmdline(asked, { dialect }),
        boot === 'static' ? undefined : expectedAnswer(asked),
      )
      expect([...outcome.faults, ...compareOutcome(asked, outcome)]).toEqual([])
    },
  )
})
