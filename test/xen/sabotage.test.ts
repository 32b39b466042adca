import { afterAll, afterEach, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import type { LinkName } from '../../src/boot/link.ts'
import type { Stage } from '../../src/boot/stages.ts'
import type { BootView, OperationView } from '../../src/service/jobs.ts'
import { ensureGuestKernels, type GuestKernelName, installGuestKernel } from './artefacts/guest-kernels.ts'
import {
  ADDRESS,
  apply,
  boot,
  CONFIG_FILE,
  domus,
  endGuests,
  type Fields,
  failing,
  GUEST,
  lan,
  menas,
  PATIENCE_MS,
  ROOT,
  site,
  start,
  type,
  until,
  verify,
} from './menas.ts'
import { serveDomus } from './serve-domus.ts'
import { type Finished, guestConsoleLog, type Lab, startLab } from './start-lab.ts'

// Each link of the boot, broken on a real Xen host: verify names it and its fix, the guest fails as it says, and the
// fix makes it boot. The short set breaks three of them.

const isAll = process.env.DOMUS_XEN_ALL === '1'
const KERNELS_MS = 1_800_000 // to build them all

interface Sabotage {
  readonly what: string
  /** What verify has to name first. */
  readonly link: LinkName
  readonly detail: RegExp
  readonly fix: RegExp
  /** The site on which the guest would boot. */
  readonly site: Fields
  readonly harm: Act
  /** How the guest fails when it is started all the same. */
  readonly fails: Failure
  /** What the fix says. */
  readonly mend: Act
  /** What verify needs to be told to find it. */
  readonly verifyOptions?: readonly string[]
  /** Kernels that have to lie on the host. */
  readonly kernels?: readonly GuestKernelName[]
  /** No guest of ours is there at the end; what runs is ended by the fix. */
  readonly isSomebodyElses?: true
  readonly isInShortSet?: true
}

type Act = (lab: Lab, document: Fields) => Promise<unknown>
type Failure = (lab: Lab, force: readonly string[]) => Promise<void>

/** A shell command in dom0. */
const dom0 =
  (command: string): Act =>
  (lab) =>
    lab.must(1, ['sh', '-ec', command])

/** The fix that most links name. */
const applyAgain: Act = (lab, document) => apply(lab, document)

const saidBy = ({ stdout, stderr }: Finished) => stdout + stderr

const forcing = (links: readonly string[]) => links.flatMap((link) => ['--force', link])

async function startForced(lab: Lab, force: readonly string[], ...options: string[]) {
  const started = await start(lab, [...forcing(force), ...options])
  const view: OperationView = JSON.parse(started.stdout)
  return { started, view }
}

/** The guest runs and says on its console why it does not come to its root. */
const says =
  (...patterns: readonly RegExp[]): Failure =>
  async (lab, force) => {
    const { started } = await startForced(lab, force)
    expect(started.exitCode, saidBy(started)).toBe(0)
    const console = lab.console(1, GUEST)
    for (const pattern of patterns) await console.waitFor(pattern, PATIENCE_MS)
    await console.close()
    expect(console.text()).not.toContain('DOMUS-GUEST ready')
  }

/** The guest gives up; `start --wait` tells how far it came, and the cause. */
const givesUp =
  (stage: Stage, cause: RegExp, onConsole: RegExp): Failure =>
  async (lab, force) => {
    const { started, view } = await startForced(lab, force, '--wait')
    expect(started.exitCode, saidBy(started)).toBe(1)
    expect(view.boot).toMatchObject<Partial<BootView>>({ ok: false, stage })
    expect(view.boot?.stages).toContainEqual(expect.objectContaining({ stage: 'failed' }))
    expect(view.boot?.cause).toMatch(cause)
    expect(await lab.must(1, ['cat', guestConsoleLog(GUEST)])).toMatch(onConsole)
  }

/** The guest has an address, and the server's mountd says why it mounts nothing. */
const isTurnedAway =
  (answer: string): Failure =>
  async (lab, force) => {
    const { started } = await startForced(lab, force)
    expect(started.exitCode, saidBy(started)).toBe(0)
    const console = lab.console(1, GUEST)
    await console.waitFor(/IP-Config: Complete/, PATIENCE_MS)
    await lab.must(1, ['truncate', '-s0', SYSLOG]) // what was asked before was our own trial of the mount
    await until(lab, `grep -q '${answer}' ${SYSLOG}`)
    await console.close()
    expect(console.text()).not.toContain('VFS: Mounted root')
  }

/** There is no guest: xl says why, and what the start did is taken back. */
const isNotMade =
  (error: RegExp): Failure =>
  async (lab, force) => {
    const { started, view } = await startForced(lab, force)
    expect(started.exitCode, saidBy(started)).toBe(1)
    expect(view.outcome).toBe('rolled-back')
    expect(view.error).toMatch(error)
    expect((await lab.ssh(1, ['xl', 'domid', GUEST])).exitCode).not.toBe(0)
  }

const SYSLOG = '/var/log/messages'

const EXPORT_OPTIONS = 'no_root_squash,no_subtree_check,sync'
const exportTo = (client: string, options: string) =>
  `exportfs -i -o ${options},${EXPORT_OPTIONS} ${client}:${ROOT}`

/** In place of a file, for the time of a test. */
const replace = (path: string, other: string) => `mv ${path} ${path}.good; cp ${other} ${path}`
const putBack = (path: string) => `mv ${path}.good ${path}`

/** The kernel of the guests becomes another one overnight, as an upgrade does it. */
const upgradeTo = (name: string) =>
  `${replace('/boot/vmlinuz-nfsroot', `/boot/vmlinuz-${name}`)}; ${replace('/boot/config-nfsroot', `/boot/config-${name}`)}`
const downgrade = dom0(`${putBack('/boot/vmlinuz-nfsroot')}; ${putBack('/boot/config-nfsroot')}`)

/** The command line in the config on the host, as a person edits it. */
const editConfig = (expression: string) => dom0(`sed -i -E '${expression}' ${CONFIG_FILE}`)

// What the kernel runs when it cannot run /sbin/init.
const OTHER_INIT = `${ROOT}/bin/init`

// A rival that sits nearer to the guest than we do.
const RIVAL = `
start 10.77.0.240
end 10.77.0.249
interface xenbr0
lease_file /run/rival.leases
pidfile /run/rival.pid
siaddr 10.77.0.1
option subnet 255.255.255.0
option rootpath /srv/of-the-rival
`

const DEBIAN: Fields = {
  name: 'debian',
  path: '/boot/vmlinuz-debian',
  initrd: '/boot/initrd.img-debian',
  type: 'pv',
}

/** Two guests with a writable root each. */
const twoRoots = (images: { readonly menas: string; readonly web1: string }): Fields =>
  site({
    images: [
      { name: 'slack', server: 'filer', path: ROOT },
      { name: 'spare', server: 'filer', path: '/srv/xen/images/base' },
    ],
    domains: [
      menas({ image: images.menas }),
      menas({ name: 'web1', address: '10.77.0.52', image: images.web1 }),
    ],
  })

const sabotages: readonly Sabotage[] = [
  {
    what: 'an export for another address than the guest’s, the slip in the book',
    link: 'export',
    detail: /filer:\/srv\/xen\/images\/slack is exported to 10\.77\.0\.51, not to 10\.77\.0\.50/,
    fix: /exportfs -u '10\.77\.0\.51:\/srv\/xen\/images\/slack', then domus apply/,
    site: site(),
    harm: dom0(`exportfs -u ${ADDRESS}:${ROOT}; ${exportTo('10.77.0.51', 'rw')}`),
    fails: isTurnedAway(`refused mount request from ${ADDRESS} for ${ROOT}`),
    mend: async (lab, document) => {
      await lab.must(1, ['exportfs', '-u', `10.77.0.51:${ROOT}`])
      await apply(lab, document)
    },
    isInShortSet: true,
  },
  {
    what: 'an export without the right to write, for a writable root',
    link: 'export',
    detail: /is exported read-only, and the guest writes its root/,
    fix: /domus apply/,
    site: site(),
    harm: dom0(exportTo(ADDRESS, 'ro')),
    fails: async (lab, force) => {
      const { started } = await startForced(lab, force)
      expect(started.exitCode, saidBy(started)).toBe(0)
      const console = lab.console(1, GUEST)
      await console.waitFor(/^DOMUS-GUEST root=.* nfs rw,/, PATIENCE_MS)
      await console.waitFor(/^DOMUS-GUEST tick 1$/, PATIENCE_MS)
      await type(lab, 'touch /var/mine')
      await console.waitFor(/touch: \/var\/mine: Read-only file system/, PATIENCE_MS)
      await console.close()
    },
    mend: applyAgain,
  },
  {
    what: 'a kernel that cannot mount its root',
    link: 'kernel',
    detail: /vmlinuz-nfsroot .*cannot mount its root by NFS: .*CONFIG_ROOT_NFS is \w+, wanted y/,
    fix: /set CONFIG_\w+=y: .* > /,
    site: site(),
    harm: dom0(upgradeTo('plain')),
    fails: givesUp('kernel', /no CONFIG_ROOT_NFS/, /Cannot open root device "nfs"/),
    mend: downgrade,
    isInShortSet: true,
  },
  {
    what: 'a kernel without DHCP, for a guest that asks',
    link: 'kernel',
    detail: /vmlinuz-nfsroot .*cannot mount its root by NFS: .*CONFIG_IP_PNP_DHCP is \w+, wanted y/,
    fix: /set CONFIG_IP_PNP_DHCP=y: .* > /,
    site: site({ domains: [menas({ boot: 'dhcp' })] }),
    harm: dom0(upgradeTo('no-dhcp')),
    fails: givesUp('kernel', /the kernel has no address to mount from/, /Root-NFS: no NFS server address/),
    mend: downgrade,
    kernels: ['no-dhcp'],
  },
  {
    what: 'a kernel with its network card as a module',
    link: 'kernel',
    detail: /vmlinuz-nfsroot .*cannot mount its root by NFS: .*CONFIG_XEN_NETDEV_FRONTEND is m, wanted y/,
    fix: /set CONFIG_XEN_NETDEV_FRONTEND=y: .* > /,
    site: site(),
    harm: dom0(upgradeTo('netfront-module')),
    fails: givesUp('kernel', /CONFIG_XEN_NETDEV_FRONTEND=y/, /VFS: Unable to mount root fs via NFS/),
    mend: downgrade,
    kernels: ['netfront-module'],
  },
  {
    what: 'an initramfs that knows no NFS',
    link: 'kernel',
    detail: /vmlinuz-debian .*cannot mount its root by NFS/,
    fix: /./,
    site: site({
      kernels: [DEBIAN],
      domains: [menas({ kernel: 'debian', memoryMiB: 256 })],
    }),
    harm: dom0(replace('/boot/initrd.img-debian', '/boot/initrd.img-debian-without-nfs')),
    fails: says(/Network device did not appear in time/),
    mend: dom0(putBack('/boot/initrd.img-debian')),
    kernels: ['debian', 'debian-without-nfs'],
  },
  {
    what: 'no kernel on the host',
    link: 'kernel',
    detail: /host xen1 has no \/boot\/vmlinuz-nfsroot/,
    fix: /put \/boot\/vmlinuz-nfsroot there/,
    site: site(),
    harm: dom0('mv /boot/vmlinuz-nfsroot /boot/vmlinuz-nfsroot.good'),
    fails: isNotMade(/vmlinuz-nfsroot/),
    mend: dom0(putBack('/boot/vmlinuz-nfsroot')),
  },
  {
    what: 'a command line so long that Xen cuts it',
    link: 'cmdline',
    detail: /the config on host xen1: .*Xen cuts it/,
    fix: /domus apply writes the config again/,
    site: site(),
    harm: editConfig(`s|^cmdline = "|&note=${'x'.repeat(1018)} |`),
    fails: givesUp('kernel', /saw no root=\/dev\/nfs/, /Kernel panic - not syncing: No working init found/),
    mend: applyAgain,
  },
  {
    what: 'a mask of /32',
    link: 'cmdline',
    detail: /the guest takes the mask 255\.0\.0\.0, not 255\.255\.255\.0/,
    fix: /domus apply writes the config again/,
    site: site(),
    harm: editConfig('s/:255\\.255\\.255\\.0:/:255.255.255.255:/'),
    fails: async (lab, force) => {
      await says(/ mask=255\.0\.0\.0,/)(lab, force)
    },
    mend: applyAgain,
  },
  {
    what: 'a config that xl cannot read',
    link: 'config',
    detail: /is not readable for xl: line \d+, column \d+/,
    fix: /domus apply writes it again/,
    site: site(),
    harm: editConfig('s/^vif = .*/vif = [ mac/'),
    fails: isNotMade(/config parsing error|Failed to parse config/),
    mend: applyAgain,
    isInShortSet: true,
  },
  {
    what: 'a rival that answers DHCP with a root path of its own',
    link: 'dhcp',
    detail: /10\.77\.0\.1 answers DHCP on network lan too/,
    fix: /stop that server/,
    site: site({ domains: [menas({ boot: 'dhcp' })] }),
    harm: async (lab) => {
      await lab.must(1, ['tee', '/run/rival.conf'], { input: RIVAL })
      await lab.must(1, ['sh', '-c', 'touch /run/rival.leases; busybox udhcpd -S /run/rival.conf'])
      // Who answers first is a matter of luck, mostly ours; so only the rival hears what the guest asks for.
      await lab.must(1, ['bridge', 'link', 'set', 'dev', 'eth0', 'bcast_flood', 'off'])
    },
    fails: says(
      /Got DHCP answer from 10\.77\.0\.1, my address is 10\.77\.0\.24\d/,
      /rootpath=\/srv\/of-the-rival/,
    ),
    mend: dom0('bridge link set dev eth0 bcast_flood on; kill $(cat /run/rival.pid)'),
    verifyOptions: ['--probe'],
  },
  {
    what: 'a root that was renamed on the server',
    link: 'image',
    detail: /filer:\/srv\/xen\/images\/slack is not there/,
    fix: /make the directory, or correct the path/,
    site: site(),
    harm: dom0(`mv ${ROOT} ${ROOT}-15.0`),
    fails: isTurnedAway(`${ROOT}`),
    mend: dom0(`mv ${ROOT}-15.0 ${ROOT}`),
  },
  {
    what: 'an init whose loader is missing',
    link: 'image',
    detail:
      /\/sbin\/init in filer:\/srv\/xen\/images\/slack needs \/lib64\/ld-linux-x86-64\.so\.2, which is not there/,
    fix: /install the C library/,
    site: site(),
    harm: dom0(`${replace(`${ROOT}/sbin/init`, '/usr/bin/true')}; mv ${OTHER_INIT} ${OTHER_INIT}.good`),
    fails: givesUp('mount', /could run none of \/sbin\/init/, /Run \/bin\/sh as init process/),
    mend: dom0(`${putBack(`${ROOT}/sbin/init`)}; ${putBack(OTHER_INIT)}`),
  },
  {
    what: 'an NFS server that is not started',
    link: 'server',
    detail: /10\.77\.0\.1 does not answer for nfs/,
    fix: /start the NFS server on filer/,
    site: site(),
    harm: dom0('rpc.nfsd 0'),
    fails: says(/VFS: Unable to mount root fs via NFS/),
    mend: dom0('rpc.nfsd -V 3 -V 4 4'),
  },
  {
    what: 'no bridge of that name on the host',
    link: 'host',
    detail: /host xen1 has no bridge nobr0/,
    fix: /or name another in network lan; it has xenbr0/,
    site: site(),
    harm: (lab) => apply(lab, site({ networks: [lan({ bridge: 'nobr0' })] })),
    fails: isNotMade(/xl create/),
    mend: applyAgain,
  },
  {
    what: 'a domain of its name that somebody started by hand',
    link: 'host',
    detail: /another domain of its name runs: menas \(domain \d+ on host xen1\), uuid /,
    fix: /xl destroy \d+/,
    site: site(),
    harm: dom0(`sed '/^uuid/d; /^vif/d' ${CONFIG_FILE} > /tmp/hand.cfg; xl create -p /tmp/hand.cfg`),
    fails: async (lab, force) => {
      const forced = await start(lab, forcing(force))
      expect(forced.exitCode).toBe(3)
      expect(forced.stdout).toMatch(/menas runs already on xen1/)
      const byHand = await lab.ssh(1, ['xl', 'create', CONFIG_FILE])
      expect(byHand.exitCode).not.toBe(0)
      expect(byHand.stderr).toMatch(/already exists|exists/)
    },
    mend: async (lab) => {
      const [link] = failing(await verify(lab))
      const [, domid = ''] = /xl destroy (\d+)/.exec(link?.fix ?? '') ?? []
      await lab.must(1, ['xl', 'destroy', domid])
    },
    isSomebodyElses: true,
  },
  {
    what: 'a root that another domain has claimed',
    link: 'claim',
    detail: /web1 on host xen1 holds filer:\/srv\/xen\/images\/slack/,
    fix: /stop web1|domus fence web1/,
    site: twoRoots({ menas: 'slack', web1: 'spare' }),
    harm: async (lab, document) => {
      await domus(lab, ['destroy', GUEST, '--yes']) // gives up the claim that an earlier test has left
      await apply(lab, twoRoots({ menas: 'spare', web1: 'slack' }))
      await domus(lab, ['start', 'web1'])
      await lab.must(1, ['xl', 'destroy', 'web1']) // by hand, so that domus does not give up its claim
      await apply(lab, document)
    },
    fails: isNotMade(/root filer:\/srv\/xen\/images\/slack is owned by domain web1 on xen1/),
    mend: (lab) => domus(lab, ['stop', 'web1']),
  },
]

const chosen = sabotages.filter(({ isInShortSet = false }) => isAll || isInShortSet)

describe('a broken link of the boot is named, breaks it, and is put right by its fix', () => {
  let lab: Lab
  let stopService: () => Promise<void>

  beforeAll(async () => {
    lab = await startLab({ hosts: 1 })
    await lab.must(1, ['busybox', 'syslogd', '-O', SYSLOG]) // mountd tells it whom it turns away
    await ensureGuestKernels(
      lab.settings,
      chosen.flatMap(({ kernels = [] }) => kernels),
    )
    stopService = await serveDomus(lab)
  }, KERNELS_MS)
  afterEach(() => endGuests(lab))
  afterAll(async () => {
    await stopService()
    await lab.stop()
  })

  test.each(chosen)(
    '$link: $what',
    async ({ isSomebodyElses = false, site: document, kernels = [], verifyOptions, ...sabotage }) => {
      const { link, detail, fix, harm, fails, mend } = sabotage
      for (const name of kernels) await installGuestKernel(lab.settings, 1, name)
      await apply(lab, document)
      await harm(lab, document)
      onTestFailed(async () => {
        await mend(lab, document) // the next one needs a whole house
      })
      const broken = failing(await verify(lab, verifyOptions))
      expect(broken[0]).toMatchObject({
        link,
        detail: expect.stringMatching(detail),
        fix: expect.stringMatching(fix),
      })
      await fails(
        lab,
        broken.map((one) => one.link),
      )
      if (!isSomebodyElses) await domus(lab, ['destroy', GUEST, '--yes'])

      await mend(lab, document)
      if (verifyOptions !== undefined) expect(failing(await verify(lab, verifyOptions))).toEqual([])
      expect(await boot(lab)).toContain('DOMUS-GUEST ready') // a start verifies, and refuses what fails
    },
    3 * PATIENCE_MS,
  )
})
