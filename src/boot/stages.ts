import type { Guest } from '../model/inventory.ts'

/**
 * How far a boot has come, in the order in which one goes: our side, the console, DHCP, the NFS server's log, the
 * console again.
 */
export const STAGES = [
  'start',
  'kernel',
  'bootp-request',
  'discover',
  'bootp-reply',
  'offer',
  'request',
  'nak',
  'ack',
  'address',
  'mount-request',
  'mount',
  'init',
  'failed',
] as const
export type Stage = (typeof STAGES)[number]

export const isStage = (text: string): text is Stage => STAGES.some((stage) => stage === text)

export interface StageSign {
  readonly stage: Stage
  readonly detail: string
}

// Lines of Linux 5.10 to 6.12: init/main.c, net/ipv4/ipconfig.c, fs/namespace.c via init/do_mounts.c; and klibc's.
const SIGNS: readonly (readonly [Stage, RegExp])[] = [
  ['kernel', /Linux version (\S+)/],
  ['address', /(?:IP-Config: Got \S+ answer from .*|IP-Config: \S+ complete.*|\bbootserver=\S.*)/],
  ['mount', /VFS: Mounted root \(nfs\d? filesystem\).*/],
  ['failed', /Kernel panic - not syncing: .*/],
]

/** The stage that a line of the console shows; undefined for all other lines. For init see init-try.ts. */
export function stageOf(line: string): StageSign | undefined {
  for (const [stage, sign] of SIGNS) {
    const found = sign.exec(line)
    if (found) return { stage, detail: found[0].trim() }
  }
  return undefined
}

// A guest that is stuck says so itself. Lines that any failure ends with are not here: that the root could not be
// mounted, and that no init was found there.
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /IP-Config: No network devices available/,
    'the kernel has no network device: CONFIG_XEN_NETDEV_FRONTEND=y, and a vif in the config',
  ],
  [
    /IP-Config: (?:Retrying forever|Auto-configuration of network failed)|Sending (?:DHCP|BOOTP) requests .*timed out/,
    'nobody answers its DHCP requests',
  ],
  [
    /Root-NFS: no NFS server address/,
    'the command line has no ip=, or Xen cut it off, or DHCP gave no server: the kernel has no address to mount from',
  ],
  [
    /Root-NFS: Server returned error (-?\d+)/,
    'the server refuses the mount: is this guest address exported?',
  ],
  [/Cannot open root device "nfs"|unknown-block\(0,255\)/, 'the kernel has no CONFIG_ROOT_NFS'],
  [
    /\b[Cc]ommand line: (?!(?:.*\s)?root=)|unknown-block\(0,0\)/,
    'the kernel saw no root=/dev/nfs: it is missing in the command line, or Xen cut it off',
  ],
  [
    /Starting init: \S+ exists but couldn't execute it|Requested init \S+ failed|error while loading shared libraries/,
    'the init of the root cannot be run: another architecture, or a loader or library that is missing',
  ],
  [/nfs: server (\S+) not responding/, 'the NFS server does not answer'],
  // An initramfs: initramfs-tools' scripts/functions, klibc's nfsmount, dracut's parse-nfsroot.sh.
  [
    /Network device did not appear in time/,
    'the initramfs has no driver of the network card, xen-netfront: domus kernel check --initrd tells what else it lacks',
  ],
  [
    /nfsmount: bad NFS version/,
    "klibc's nfsmount speaks NFS 2 and 3 only: use nfsVersion 3, or an initrd made by dracut",
  ],
  [
    /mount call failed - server replied: Permission denied/,
    'the server refuses the mount: is this guest address exported?',
  ],
  [/the kernel lacks NFS v(\d) support/, 'the initramfs lacks the module of this NFS version'],
  [/Don't know how to handle 'root=nfs/, "dracut's initramfs has no NFS: make it with --add nfs"],
]

/** What a line of the console says about why a boot does not go on; undefined for all other lines. */
export function causeIn(line: string, guest: Guest): string | undefined {
  return rivalIn(line, guest) ?? CAUSES.find(([sign]) => sign.test(line))?.[1]
}

// net/ipv4/ipconfig.c prints who answered; klibc prints nothing of the kind.
const ANSWERED = /IP-Config: Got (?:DHCP|BOOTP) answer from ([0-9.]+), my address is ([0-9.]+)/

/** An answer of somebody else: by its sender, where we know our own address, and by the address it gave. */
function rivalIn(line: string, { domain, network }: Guest): string | undefined {
  const [, from, given] = ANSWERED.exec(line) ?? []
  if (from === undefined || domain.boot === 'static') return undefined
  const isOther = network.dhcpServer !== undefined && from !== network.dhcpServer
  if (!isOther && given === domain.address) return undefined
  return `answered by ${from}, not by us${given === domain.address ? '' : `: it got ${given}, not ${domain.address}`}`
}

/** What usually keeps a boot at a stage, when nobody said anything more exact. */
const USUALLY: Partial<Record<Stage, (guest: Guest) => string>> = {
  start: ({ host }) =>
    `nothing came on its console: host ${host.name} must keep it (XENCONSOLED_TRACE=guest in /etc/default/xen), and the kernel write to hvc0`,
  kernel: (guest) => noNetwork(guest),
  'bootp-request': () => 'it was not answered',
  discover: () => 'its DISCOVER was not answered: domus dhcp simulate says why',
  offer: () => 'our OFFER does not reach it, or it took the one of another server',
  'bootp-reply': () => 'our answer does not reach it',
  request: () => 'its REQUEST was not answered',
  nak: () => 'we refused the address it asked for: it has one of another server',
  ack: (guest) => notMounted(guest),
  address: (guest) => notMounted(guest),
  'mount-request': ({ server }) => `${server.name} let it mount, and no root came: port 2049, MTU`,
  mount: () => 'its root is mounted, and holds no init that this kernel can run',
}

function noNetwork({ domain, network, kernel }: Guest): string {
  if (domain.boot !== 'static')
    return `no request of it was seen: CONFIG_IP_PNP_DHCP, a vif on bridge ${network.bridge}, and domus serve on that network`
  if (kernel.initrd === undefined)
    return 'the kernel sets up no network: CONFIG_IP_PNP, CONFIG_ROOT_NFS and CONFIG_XEN_NETDEV_FRONTEND=y'
  return `its initramfs does not come to the root: domus console ${domain.name} shows how far it is, domus kernel check --initrd what it lacks`
}

const notMounted = ({ server, domain }: Guest) =>
  `it has its address, and ${server.address} does not let it mount by NFS ${domain.nfsVersion}, or does not answer`

/** The usual cause for a boot that came to a stage and no further. */
export const usualCause = (guest: Guest, stage: Stage) => USUALLY[stage]?.(guest)
