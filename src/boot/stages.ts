/** What a guest's console tells of its boot, in the order in which a boot goes. */
export type Stage = 'kernel' | 'address' | 'mount' | 'init' | 'failed'

export interface StageSign {
  readonly stage: Stage
  readonly detail: string
}

// Lines of Linux 5.10 to 6.12: init/main.c, net/ipv4/ipconfig.c, fs/namespace.c via init/do_mounts.c; and klibc's.
const SIGNS: readonly (readonly [Stage, RegExp])[] = [
  ['kernel', /Linux version (\S+)/],
  ['address', /(?:IP-Config: Got \S+ answer from .*|IP-Config: \S+ complete.*|\bbootserver=\S.*)/],
  ['mount', /VFS: Mounted root \(nfs\d? filesystem\).*/],
  ['init', /Run (?:\/\S+) as init process|Begin: Running \/scripts\/init-bottom/],
  ['failed', /Kernel panic - not syncing: .*/],
]

/** The stage that a line of the console shows; undefined for all other lines. */
export function stageOf(line: string): StageSign | undefined {
  for (const [stage, sign] of SIGNS) {
    const found = sign.exec(line)
    if (found) return { stage, detail: found[0].trim() }
  }
  return undefined
}

// A guest that is stuck says so itself; the panic line alone seldom tells why.
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
    'the command line has no ip=, or DHCP gave no server: the kernel has no address to mount from',
  ],
  [
    /Root-NFS: Server returned error (-?\d+)/,
    'the server refuses the mount: is this guest address exported?',
  ],
  [
    /VFS: Unable to mount root fs via NFS/,
    'the NFS mount failed: is the export for this address, and does the server speak this NFS version?',
  ],
  [/Cannot open root device "nfs"|unknown-block\(0,255\)/, 'the kernel has no CONFIG_ROOT_NFS'],
  [/No working init found/, 'the root has no init that this kernel can run, or was not mounted at all'],
  [/nfs: server (\S+) not responding/, 'the NFS server does not answer'],
]

/** What a line says about why a boot does not go on; undefined for all other lines. */
export const causeIn = (line: string): string | undefined => CAUSES.find(([sign]) => sign.test(line))?.[1]
