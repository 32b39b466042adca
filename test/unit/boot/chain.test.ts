import { describe, expect, test } from 'vitest'
import { verifyGuest } from '../../../src/boot/chain.ts'
import type { BootFacts } from '../../../src/boot/facts.ts'
import { LINKS, type Link } from '../../../src/boot/link.ts'
import type { InitramfsSummary } from '../../../src/kernel/verdict.ts'
import type { Guest } from '../../../src/model/inventory.ts'
import { bootFacts, kernelVerdict, known, mounted, unknown, withConfig } from '../../builders/boot-facts.ts'
import {
  domainDocument,
  guestFrom,
  imageDocument,
  kernelDocument,
  networkDocument,
  siteDocument,
} from '../../builders/site.ts'

const menas = guestFrom()
const guestWith = (domain: object, more: object = {}) =>
  guestFrom(siteDocument({ domains: [domainDocument({ ...domain })], ...more }))
const initrd = (initramfs?: string) => ({
  kernels: [kernelDocument({ initrd: '/boot/initrd.img', ...(initramfs && { initramfs }) })],
})
const absentConfig = { file: { kind: 'absent' }, rendered: '' } as const
const byInitramfs = { kernel: known(kernelVerdict({ verdict: 'initramfs' })) }

describe('a guest whose links all hold', () => {
  test.each<[string, Guest, Partial<BootFacts>]>([
    ['static', menas, {}],
    ['dhcp', guestWith({ boot: 'dhcp' }), {}],
    ['bootp', guestWith({ boot: 'bootp' }), {}],
    [
      'NFS 4.2',
      guestWith({ nfsVersion: '4.2' }),
      { server: known({ nfs: true, rpcbind: null, mountd: null, lookup: mounted }) },
    ],
    ['shared', guestFrom(siteDocument({ images: [imageDocument({ sharing: 'shared' })] })), {}],
    ['pvh', guestFrom(siteDocument({ kernels: [kernelDocument({ type: 'pvh' })] })), {}],
    ['klibc', guestWith({}, initrd()), byInitramfs],
    ['klibc by dhcp', guestWith({ boot: 'dhcp' }, initrd()), byInitramfs],
    ['dracut', guestWith({ nfsVersion: '4.1' }, initrd('dracut')), byInitramfs],
    ['mkinitcpio', guestWith({}, initrd('mkinitcpio')), byInitramfs],
  ])('%s: is told so, link by link in boot order', (_name, guest, over) => {
    const links = verifyGuest(guest, bootFacts(guest, over))
    expect(links.map(({ link }) => link)).toEqual(LINKS)
    expect(links.filter(({ status }) => status !== 'ok')).toEqual([])
  })
})

const madeBy = (generator: InitramfsSummary['generator']) => ({
  kernel: known(
    kernelVerdict({
      verdict: 'initramfs',
      initramfs: { path: '/boot/initrd.img', generator, compression: 'gzip', versions: [] },
    }),
  ),
})

test('what made the initrd on the host reads the command line, whatever the kernel declares', () => {
  const guest = guestWith({ boot: 'dhcp' }, initrd('klibc'))
  const facts = { ...bootFacts(guest, madeBy('dracut')), config: absentConfig }
  const cmdline = verifyGuest(guest, facts).find(({ link }) => link === 'cmdline')
  expect(cmdline).toMatchObject({ status: 'ok', detail: expect.stringMatching(/^dracut takes/) })
})

test('what it cannot do is refused, though the declared one could', () => {
  const guest = guestWith({ nfsVersion: '4.2' }, initrd('dracut'))
  const facts = { ...bootFacts(guest, madeBy('initramfs-tools')), config: absentConfig }
  const cmdline = verifyGuest(guest, facts).find(({ link }) => link === 'cmdline')
  expect(cmdline).toMatchObject({
    status: 'fail',
    detail: expect.stringMatching(/NFS 2 and 3 only, not 4\.2/),
  })
})

test('the links of the book’s guest, as a person reads them', () => {
  expect(
    verifyGuest(menas, bootFacts(menas)).map(({ link, detail }) => `${link}: ${detail}`),
  ).toMatchInlineSnapshot(`
    [
      "kernel: /boot/vmlinuz-nfsroot (6.1.0) mounts its root itself",
      "cmdline: the kernel takes 38.99.2.222 (static) and mounts 38.99.2.7:/usr/xen/images/slack rw by NFS 3",
      "config: the config of menas on host h1 is as rendered",
      "dhcp: not asked: the address is fixed",
      "export: filer:/usr/xen/images/slack to 38.99.2.222 is exported rw",
      "image: filer:/usr/xen/images/slack has /sbin/init",
      "server: 38.99.2.7 answers for nfs, rpcbind, mountd; it lets the guest mount, and /sbin/init is there",
      "host: host h1 has bridge xenbr0 and 4096 MiB free",
      "claim: nobody holds filer:/usr/xen/images/slack",
    ]
  `)
})

/** One thing broken: the first link that fails, what it says, and the way out. */
const sabotages: [string, Guest, (guest: Guest) => Partial<BootFacts>, string, RegExp, RegExp][] = [
  [
    'a kernel without DHCP',
    guestWith({ boot: 'dhcp' }),
    () => ({
      kernel: known(
        kernelVerdict({
          verdict: 'no',
          findings: [
            {
              symbol: 'CONFIG_IP_PNP_DHCP',
              want: 'y',
              have: 'n',
              severity: 'error',
              neededFor: ['in-kernel'],
              why: 'the kernel asks for its address',
              symptom: '',
              menu: ['Networking support', 'IP: DHCP support'],
              blockedBy: [],
            },
          ],
        }),
      ),
    }),
    'kernel',
    /CONFIG_IP_PNP_DHCP is n, wanted y/,
    /set CONFIG_IP_PNP_DHCP=y: Networking support > IP: DHCP support/,
  ],
  [
    'no kernel on the host',
    menas,
    () => ({ kernel: known({ absent: '/boot/vmlinuz-nfsroot' }) }),
    'kernel',
    /host h1 has no \/boot\/vmlinuz-nfsroot/,
    /put .* there/,
  ],
  [
    'a kernel that starts only as pvh',
    menas,
    () => ({ kernel: known(kernelVerdict({ boots: { pv: false, pvh: true } })) }),
    'kernel',
    /cannot start as a pv guest/,
    /set type: pvh/,
  ],
  [
    'a kernel that needs an initramfs',
    menas,
    () => byInitramfs,
    'kernel',
    /has no initrd/,
    /give kernel nfsroot an initrd/,
  ],
  [
    'a command line cut on the host',
    menas,
    (guest) => withConfig(guest, (text) => text.replace(/ ip=[^"]*/, '')),
    'cmdline',
    /config on host h1: no ip=/,
    /domus apply/,
  ],
  [
    'another root on the host',
    menas,
    (guest) => withConfig(guest, (text) => text.replace('images/slack', 'images/suse')),
    'cmdline',
    /mounts \/usr\/xen\/images\/suse, not \/usr\/xen\/images\/slack/,
    /domus apply/,
  ],
  [
    'NFS 4 through klibc',
    guestWith({ nfsVersion: '4.2' }, initrd()),
    () => byInitramfs,
    'cmdline',
    /2 and 3 only/,
    /^$/,
  ],
  [
    'no config on the host',
    menas,
    () => ({ config: { file: { kind: 'absent' }, rendered: '' } }),
    'config',
    /is not there/,
    /domus apply/,
  ],
  [
    'a config changed by hand',
    menas,
    (guest) => withConfig(guest, (text) => text.replace('memory = 256', 'memory = 512')),
    'config',
    /memory is 512, rendered 256/,
    /domus apply/,
  ],
  [
    'a config that xl cannot read',
    menas,
    (guest) => withConfig(guest, (text) => `${text}import os\n`),
    'config',
    /line 13, column 8/,
    /domus apply/,
  ],
  [
    'DHCP that is off',
    guestWith({ boot: 'dhcp' }, { networks: [networkDocument({ dhcp: 'off' })] }),
    () => ({}),
    'dhcp',
    /no answer: DHCP is off/,
    /dhcp: serve/,
  ],
  [
    'a rival DHCP server',
    guestWith({ boot: 'dhcp' }),
    (guest) => ({ dhcp: known({ ...dhcpOf(guest), rivals: { seen: [], probed: known(['38.99.2.9']) } }) }),
    'dhcp',
    /38\.99\.2\.9 answers DHCP on network lan too/,
    /stop that server/,
  ],
  [
    'option 17 with another path',
    guestWith({ boot: 'dhcp' }),
    (guest) => ({ dhcp: known({ simulation: { ...dhcpOf(guest).simulation, rootPath: '/other' } }) }),
    'dhcp',
    /root path \/other from our answer, not \/usr/,
    /options of network lan/,
  ],
  [
    'the book’s own slip: an export for another address',
    menas,
    () => ({
      exports: known([
        { path: '/usr/xen/images/slack', client: '38.99.2.223', options: new Set(['rw', 'no_root_squash']) },
      ]),
    }),
    'export',
    /exported to 38\.99\.2\.223, not to 38\.99\.2\.222/,
    /exportfs -u '38\.99\.2\.223:\/usr\/xen\/images\/slack', then domus apply/,
  ],
  ['no export', menas, () => ({ exports: known([]) }), 'export', /is not exported/, /domus apply/],
  [
    'an export ro for a writable root',
    menas,
    () => ({
      exports: known([
        { path: '/usr/xen/images/slack', client: '38.99.2.222', options: new Set(['ro', 'no_root_squash']) },
      ]),
    }),
    'export',
    /read-only/,
    /domus apply/,
  ],
  [
    'an export to a network, ro for a writable root',
    menas,
    () => exportedTo(['38.99.2.0/24', 'ro', 'no_root_squash']),
    'export',
    /read-only/,
    /domus apply/,
  ],
  [
    'a root that somebody else may write, too',
    menas,
    () => exportedTo(['38.99.2.222', 'rw', 'no_root_squash'], ['38.99.2.9', 'rw', 'no_root_squash']),
    'export',
    /exported rw to 38\.99\.2\.9 as well/,
    /exportfs -u '38\.99\.2\.9:\/usr\/xen\/images\/slack'/,
  ],
  [
    'an export that wants Kerberos',
    menas,
    () => exportedTo(['38.99.2.222', 'rw', 'no_root_squash', 'sec=krb5:krb5i']),
    'export',
    /exported with sec=krb5:krb5i/,
    /domus apply/,
  ],
  [
    'an overlay that has no name for the server',
    menas,
    (guest) => ({ image: withPath(guest, { fileSystemType: 'overlay' }) }),
    'export',
    /lies on overlay and is exported without fsid=/,
    /domus apply/,
  ],
  [
    'an export that squashes root',
    menas,
    () => ({
      exports: known([
        { path: '/usr/xen/images/slack', client: '38.99.2.222', options: new Set(['rw', 'root_squash']) },
      ]),
    }),
    'export',
    /without no_root_squash/,
    /domus apply/,
  ],
  [
    'a path renamed',
    menas,
    (guest) => ({ image: { ...bootFacts(guest).image, path: { kind: 'absent' } } }),
    'image',
    /is not there/,
    /make the directory/,
  ],
  [
    'a path that is a link',
    menas,
    (guest) => ({ image: withPath(guest, { realpath: '/data/slack' }) }),
    'export',
    /is a link to \/data\/slack/,
    /set the path .* to \/data\/slack/,
  ],
  [
    'an image without init',
    menas,
    (guest) => ({ image: withTree(guest, { init: undefined }) }),
    'image',
    /has no init/,
    /fill the image/,
  ],
  [
    'an image without the init that its command line asks for',
    guestWith({ cmdlineExtra: 'init=/usr/sbin/my-init' }),
    (guest) => ({ image: withTree(guest, { init: undefined, wanted: '/usr/sbin/my-init' }) }),
    'image',
    /has no init: there is no \/usr\/sbin\/my-init/,
    /fill the image/,
  ],
  [
    'an image of another machine',
    menas,
    (guest) => ({ image: withTree(guest, { arch: 'aarch64' }) }),
    'image',
    /for aarch64, and the kernel runs x86_64/,
    /another image/,
  ],
  [
    'an image without its loader',
    menas,
    (guest) => ({ image: withTree(guest, { loader: { path: '/lib/ld.so', isThere: false } }) }),
    'image',
    /needs \/lib\/ld\.so/,
    /install/,
  ],
  [
    'a server that is down',
    menas,
    () => ({ server: known({ nfs: false, rpcbind: true, mountd: true, lookup: mounted }) }),
    'server',
    /38\.99\.2\.7 does not answer for nfs/,
    /start the NFS server/,
  ],
  [
    'a mount that is refused',
    menas,
    () => ({
      server: known({
        nfs: true,
        rpcbind: true,
        mountd: true,
        lookup: known({ isOk: false, detail: 'access denied' }),
      }),
    }),
    'server',
    /access denied/,
    /exports resync/,
  ],
  [
    'a bridge that is missing',
    menas,
    (guest) => hostWith(guest, { bridges: known(['br0']) }),
    'host',
    /has no bridge xenbr0/,
    /it has br0/,
  ],
  [
    'its name running by hand',
    menas,
    (guest) => running(guest, { uuid: '00000000-0000-4000-8000-000000000001' }),
    'host',
    /another domain of its name/,
    /xl destroy 7 on host h1/,
  ],
  [
    'its name running by hand on another host',
    menas,
    (guest) => running(guest, { uuid: '00000000-0000-4000-8000-000000000001', host: 'h2', macs: [] }),
    'host',
    /another domain of its name runs: menas \(domain 7 on host h2\)/,
    /xl destroy 7 on host h2/,
  ],
  [
    'itself running on another host',
    menas,
    (guest) => running(guest, { host: 'h2' }),
    'host',
    /runs on host h2 already/,
    /stop it there/,
  ],
  [
    'its MAC running elsewhere',
    menas,
    (guest) => running(guest, { name: 'other', uuid: 'x', host: 'h2' }),
    'host',
    /other .* has its MAC/,
    /another mac/,
  ],
  [
    'its uuid running elsewhere',
    menas,
    (guest) => running(guest, { name: 'other' }),
    'host',
    /other .* has its uuid/,
    /stop other/,
  ],
  [
    'a host without pv',
    menas,
    (guest) => withInfo(guest, { xenCaps: ['hvm-3.0-x86_64'] }),
    'host',
    /runs no pv guests/,
    /type pvh/,
  ],
  [
    'more memory than the host has',
    menas,
    (guest) => withInfo(guest, { totalMemoryMiB: 128 }),
    'host',
    /wants 256 MiB/,
    /lower/,
  ],
  [
    'a root claimed elsewhere',
    menas,
    () => ({ claim: known({ domain: 'web1', host: 'h2', generation: 3 }) }),
    'claim',
    /web1 on host h2 holds filer:\/usr/,
    /domus fence web1/,
  ],
]

const dhcpOf = (guest: Guest) => {
  const { dhcp } = bootFacts(guest)
  if (dhcp.kind === 'unknown') throw new Error(dhcp.reason)
  return dhcp.value
}
const hostOf = (guest: Guest) => {
  const { host } = bootFacts(guest)
  if (host.kind === 'unknown') throw new Error(host.reason)
  return host.value
}
const hostWith = (guest: Guest, over: object) => ({ host: known({ ...hostOf(guest), ...over }) })
const withInfo = (guest: Guest, over: object) => {
  const { info } = hostOf(guest)
  return hostWith(guest, { info: { ...info, ...('value' in info && { value: { ...info.value, ...over } }) } })
}
const running = (guest: Guest, over: object) =>
  hostWith(guest, {
    running: [
      { name: 'menas', domid: 7, uuid: guest.domain.uuid, host: 'h1', macs: [guest.domain.mac], ...over },
    ],
  })
const exportedTo = (...entries: [client: string, ...options: string[]][]) => ({
  exports: known(
    entries.map(([client, ...options]) => ({
      path: '/usr/xen/images/slack',
      client,
      options: new Set(options),
    })),
  ),
})
const withPath = (guest: Guest, over: object) => {
  const { image } = bootFacts(guest)
  return { ...image, path: { ...image.path, ...over } } as BootFacts['image']
}
const withTree = (guest: Guest, over: object) => {
  const { image } = bootFacts(guest)
  return {
    ...image,
    tree: { ...image.tree, ...('value' in image.tree && { value: { ...image.tree.value, ...over } }) },
  }
}

describe('the first link that fails names the sabotage', () => {
  test.each(sabotages)('%s', (_what, guest, spoil, link, detail, fix) => {
    const failed = verifyGuest(guest, bootFacts(guest, spoil(guest))).filter(
      ({ status }) => status === 'fail',
    )
    expect(failed[0]).toMatchObject({ link, detail: expect.stringMatching(detail) })
    expect(failed[0]?.fix ?? '').toMatch(fix)
  })
})

describe('what is only unwise is a warning', () => {
  test.each<[string, (guest: Guest) => Partial<BootFacts>, string]>([
    ['other comments in the config', (guest) => withConfig(guest, (text) => `# mine\n${text}`), 'config'],
    [
      'a root in fstab',
      (guest) => ({ image: withTree(guest, { fstab: '/dev/xvda1 / ext4 defaults 0 1\n' }) }),
      'image',
    ],
    ['a shell in place of an init', (guest) => ({ image: withTree(guest, { init: '/bin/sh' }) }), 'image'],
    ['ifupdown', (guest) => ({ image: withTree(guest, { interfaces: 'auto lo eth0\n' }) }), 'image'],
    ['little free memory', (guest) => withInfo(guest, { freeMemoryMiB: 100 }), 'host'],
    ['an export to the whole network', () => exportedTo(['38.99.2.0/24', 'rw', 'no_root_squash']), 'export'],
    [
      'a root inside another export',
      () => ({
        exports: known([
          {
            path: '/usr/xen/images/slack',
            client: '38.99.2.222',
            options: new Set(['rw', 'no_root_squash']),
          },
          { path: '/usr/xen', client: '*', options: new Set(['ro']) },
        ]),
      }),
      'export',
    ],
    [
      'ifupdown by hotplug, in interfaces.d',
      (guest) => ({
        image: withTree(guest, { interfaces: 'auto lo\n\nallow-hotplug eth0\niface eth0 inet dhcp\n' }),
      }),
      'image',
    ],
    [
      'NetworkManager',
      (guest) => ({ image: withTree(guest, { networkManager: '[main]\nplugins=keyfile\n' }) }),
      'image',
    ],
    [
      'systemd-networkd',
      (guest) => ({
        image: withTree(guest, { networkd: '[Match]\nName=en* eth*\n\n[Network]\nDHCP=yes\n' }),
      }),
      'image',
    ],
    ['a start by hand', (guest) => running(guest, {}), 'claim'],
  ])('%s', (_what, spoil, link) => {
    const links = verifyGuest(menas, bootFacts(menas, spoil(menas))).filter(({ status }) => status !== 'ok')
    expect(links).toEqual([expect.objectContaining({ link, status: 'warn' })])
  })
})

test('what cannot be known is unknown with its reason, never ok', () => {
  const nothing = unknown('no ssh to h1')
  const guest = guestWith({ boot: 'dhcp' })
  const links = verifyGuest(guest, {
    kernel: nothing,
    config: { file: nothing, rendered: '' },
    dhcp: nothing,
    exports: nothing,
    image: { path: nothing, tree: nothing },
    server: nothing,
    host: nothing,
    claim: nothing,
    breaches: [],
  })
  expect(links.filter(({ status }) => status !== 'unknown').map(({ link }) => link)).toEqual(['cmdline'])
  expect(links.filter(({ detail }) => detail === 'no ssh to h1')).toHaveLength(8)
})

describe('what looks like a fault and is none', () => {
  test.each<[string, (guest: Guest) => Partial<BootFacts>]>([
    [
      'eth0 that ifupdown leaves alone',
      (guest) => ({
        image: withTree(guest, {
          interfaces: 'auto lo eth0\niface lo inet loopback\niface eth0 inet manual\n',
        }),
      }),
    ],
    [
      'a NetworkManager that was told to keep off',
      (guest) => ({
        image: withTree(guest, { networkManager: '[keyfile]\nunmanaged-devices=interface-name:eth0\n' }),
      }),
    ],
    [
      'a networkd that keeps what the kernel configured',
      (guest) => ({
        image: withTree(guest, { networkd: '[Match]\nName=eth0\n[Network]\nKeepConfiguration=yes\n' }),
      }),
    ],
    [
      'a networkd for other cards',
      (guest) => ({ image: withTree(guest, { networkd: '[Match]\nName=wl*\n[Network]\nDHCP=yes\n' }) }),
    ],
    [
      'a root in fstab that is the NFS root',
      (guest) => ({ image: withTree(guest, { fstab: '/dev/nfs / nfs defaults 0 0\n' }) }),
    ],
  ])('%s', (_what, spoil) => {
    const links = verifyGuest(menas, bootFacts(menas, spoil(menas)))
    expect(links.filter(({ status }) => status !== 'ok')).toEqual([])
  })
})

test("dracut's systemd goes to no root without os-release, which others do not ask for", () => {
  const dracut = guestFrom(
    siteDocument({ kernels: [kernelDocument({ initrd: '/boot/initrd', initramfs: 'dracut' })] }),
  )
  const [told] = verifyGuest(
    dracut,
    bootFacts(dracut, { image: withTree(dracut, { hasOsRelease: false }) }),
  ).filter(({ link }) => link === 'image')
  expect(told).toMatchObject({ status: 'warn', detail: expect.stringContaining('os-release') })
  const links = verifyGuest(menas, bootFacts(menas, { image: withTree(menas, { hasOsRelease: false }) }))
  expect(links.filter(({ status }) => status !== 'ok')).toEqual([])
})

describe('a shared image that is not prepared for many guests is told of', () => {
  const shared = guestFrom(siteDocument({ images: [imageDocument({ sharing: 'shared' })] }))
  test.each([
    ['systemd without a place for /var', { isSystemd: true }, /\/var read-only/],
    ['one machine-id for all', { machineId: '0123456789abcdef0123456789abcdef\n' }, /machine-id/],
    ['one host key for all', { hostKeys: ['/etc/ssh/ssh_host_ed25519_key'] }, /one ssh host key/],
  ])('%s', (_what, tree, detail) => {
    const image = verifyGuest(shared, bootFacts(shared, { image: withTree(shared, tree) })).find(
      ({ link }) => link === 'image',
    )
    expect(image).toMatchObject({ status: 'warn', detail: expect.stringMatching(detail) })
  })

  test('one with an empty machine-id and a volatile state is well', () => {
    const [domain] = [domainDocument({ cmdlineExtra: 'systemd.volatile=state' })]
    const guest = guestFrom(
      siteDocument({ images: [imageDocument({ sharing: 'shared' })], domains: [domain] }),
    )
    const image = verifyGuest(
      guest,
      bootFacts(guest, { image: withTree(guest, { isSystemd: true, machineId: '\n' }) }),
    ).find(({ link }) => link === 'image')
    expect(image?.status).toBe('ok')
  })
})

test('an export to a name is unknown: only the server can look it up', () => {
  const facts = bootFacts(menas, exportedTo(['menas.lan', 'rw', 'no_root_squash']))
  expect(verifyGuest(menas, facts).find(({ link }) => link === 'export')).toMatchObject({
    status: 'unknown',
    detail: expect.stringContaining('whether menas.lan means 38.99.2.222'),
  })
})

test('a server that refuses what the export table does not allow is not blamed twice', () => {
  const refused = known({
    nfs: true,
    rpcbind: true,
    mountd: true,
    lookup: known({ isOk: false, detail: 'permission denied' }),
  })
  const facts = bootFacts(menas, { ...exportedTo(['38.99.2.223', 'rw']), server: refused })
  expect(
    verifyGuest(menas, facts)
      .filter(({ status }) => status !== 'ok')
      .map(({ link, status }) => [link, status]),
  ).toEqual([
    ['export', 'fail'],
    ['server', 'unknown'],
  ])
})

test('a domain that was started by hand on this root is named, with the way to end it', () => {
  const copy = {
    name: 'copy',
    domid: 9,
    uuid: 'x',
    host: 'h2',
    macs: [],
    root: { server: '38.99.2.7', path: '/usr/xen/images/slack', isWritten: true },
  }
  const breach = { root: 'filer:/usr/xen/images/slack', domain: copy, owner: { domain: 'menas', host: 'h1' } }
  const claim = verifyGuest(menas, bootFacts(menas, { breaches: [breach] })).find(
    ({ link }) => link === 'claim',
  )
  expect(claim).toEqual({
    link: 'claim',
    status: 'fail',
    detail: "copy (domain 9 on host h2) mounts filer:/usr/xen/images/slack rw, which is menas's on host h1",
    fix: 'end it: xl destroy 9 on h2; until then keep the root safe: domus fence menas',
  })
})

test('a guest that runs where it belongs is well', () => {
  const host = verifyGuest(menas, bootFacts(menas, running(menas, {}))).find(({ link }) => link === 'host')
  expect(host).toEqual({ link: 'host', status: 'ok', detail: 'runs on host h1 now, as domain 7' })
})

const linkOf = (guest: Guest, over: Partial<BootFacts>, name: Link['link']) =>
  verifyGuest(guest, bootFacts(guest, over)).find(({ link }) => link === name)

test('a host that cannot be asked leaves open whether it runs the guest, or another on its root', () => {
  const silent = hostWith(menas, { silent: [{ host: 'h2', reason: 'connection refused' }] })
  expect(linkOf(menas, silent, 'host')).toMatchObject({
    status: 'unknown',
    detail: 'host h2 cannot say what it runs: connection refused',
  })
  expect(linkOf(menas, silent, 'claim')).toMatchObject({
    status: 'unknown',
    detail: expect.stringMatching(
      /by hand is not known: host h2 cannot say what it runs: connection refused$/,
    ),
  })
})

test('a copy on another host is told of also when its own host is silent', () => {
  const elsewhere = { name: 'menas', domid: 4, uuid: menas.domain.uuid, host: 'h2', macs: [] }
  const more = {
    bridges: unknown('h1 is off'),
    running: [elsewhere],
    silent: [{ host: 'h1', reason: 'h1 is off' }],
  }
  expect(linkOf(menas, hostWith(menas, more), 'host')).toMatchObject({
    status: 'fail',
    detail: 'menas runs on host h2 already',
  })
  expect(linkOf(menas, hostWith(menas, { ...more, running: [] }), 'host')).toMatchObject({
    status: 'unknown',
    detail: 'h1 is off',
  })
})

test('an answer that nobody gives is no answer yet', () => {
  const guest = guestWith({ boot: 'dhcp' })
  const silence = { why: 'no domus serve runs here to give it', fix: 'run domus serve' }
  expect(linkOf(guest, { dhcp: known({ ...dhcpOf(guest), silence }) }, 'dhcp')).toMatchObject({
    status: 'warn',
    detail: expect.stringMatching(/^our answer would give 38\.99\.2\.222 .*, but no domus serve runs here/),
    fix: 'run domus serve',
  })
  const rivals = { seen: [], probed: known(['38.99.2.9']) }
  expect(linkOf(guest, { dhcp: known({ ...dhcpOf(guest), silence, rivals }) }, 'dhcp')?.status).toBe('fail')
})
