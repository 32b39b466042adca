import type { SimulateResult } from '../dhcp/simulate.ts'
import { rootDialect } from '../kernel/dialect.ts'
import type { KernelVerdict } from '../kernel/verdict.ts'
import type { Ipv4, Mac, Name } from '../model/grammar.ts'
import type { Guest } from '../model/inventory.ts'
import type { Known, LiveExport, PathFact } from '../nfs/facts.ts'
import type { FileFact } from '../plan/plan.ts'
import type { HostInfo } from '../toolstack/toolstack.ts'
import type { Breach } from './breaches.ts'
import { type Dialect, dialectOf } from './cmdline.ts'
import type { RunningDomain } from './running-root.ts'

/** All that the chain of links must know of the world about one guest; each part may be unknown, with its reason. */
export interface BootFacts {
  /** What the kernel (with its initrd) on the guest's host can do; `absent` when a file of it is not there. */
  readonly kernel: Known<KernelVerdict | { readonly absent: string }>
  readonly config: ConfigFact
  /** Not looked at for a guest with a fixed address. */
  readonly dhcp: Known<DhcpFact>
  /** The server's live export table. */
  readonly exports: Known<readonly LiveExport[]>
  readonly image: ImageFact
  readonly server: Known<ServerFact>
  readonly host: Known<HostFact>
  /** Who holds the writable root; undefined is nobody. */
  readonly claim: Known<ClaimFact | undefined>
  /** DomUs that run on this guest's root and are not its owner. */
  readonly breaches: readonly Breach[]
  /** Since when the domain is cut off from its root; undefined when it is not. */
  readonly fencedSince?: string | undefined
}

export interface ConfigFact {
  /** The config as it lies on the host. */
  readonly file: FileFact
  /** The config as it would be written now. */
  readonly rendered: string
}

export interface DhcpFact {
  /** What the guest's own kind of client makes of our answer. */
  readonly simulation: SimulateResult
  /** Why nobody gives that answer now; undefined when our responder serves the network. */
  readonly silence?: Silence | undefined
  /** Absent when nobody looked. */
  readonly rivals?: RivalFacts
}

/** Why our responder does not answer on a network. */
export interface Silence {
  readonly why: string
  readonly fix: string
}

/** Other DHCP servers on the guest's network. */
export interface RivalFacts {
  /** Those our responder has heard its clients choose lately. */
  readonly seen: readonly SeenRival[]
  /** Those that answered a probe just now; absent when nobody probed. */
  readonly probed?: Known<readonly Ipv4[]>
}

export interface SeenRival {
  readonly server: Ipv4
  /** The client that chose it. */
  readonly mac: Mac
  /** ISO 8601. */
  readonly at: string
}

export interface ImageFact {
  readonly path: PathFact
  /** What is inside; unknown when nobody could look. */
  readonly tree: Known<ImageTree>
}

export interface ImageTree {
  /** The program that the kernel would run first, such as /sbin/init; undefined when there is none. */
  readonly init: string | undefined
  /** The one that init= on the command line asks for, when it does. */
  readonly wanted?: string
  /** Machine of init's ELF header: x86_64, i386, aarch64, …; undefined for a script. */
  readonly arch: string | undefined
  /** The dynamic loader that init asks for, and whether it is there; undefined for a static program. */
  readonly loader: { readonly path: string; readonly isThere: boolean } | undefined
  /** Text of /etc/fstab; undefined when there is none. */
  readonly fstab: string | undefined
  /** Text of /etc/network/interfaces and interfaces.d; undefined when there is none. */
  readonly interfaces: string | undefined
  /** Texts of NetworkManager's configuration; undefined unless it is enabled. */
  readonly networkManager: string | undefined
  /** Texts of the .network files of systemd-networkd; undefined unless it is enabled. */
  readonly networkd: string | undefined
  readonly isSystemd: boolean
  /** It says what it is: /etc/os-release or /usr/lib/os-release (os-release(5)). */
  readonly hasOsRelease: boolean
  /** Text of /etc/machine-id; undefined when there is none. */
  readonly machineId: string | undefined
  /** Private ssh host keys that lie in it. */
  readonly hostKeys: readonly string[]
}

/** What answered where; null is what nobody tried. */
export interface ServerFact {
  readonly nfs: boolean | null
  readonly rpcbind: boolean | null
  readonly mountd: boolean | null
  /** The outcome of a real MOUNT and LOOKUP of init with the guest's address. */
  readonly lookup: Known<{ readonly isOk: boolean; readonly detail: string }>
}

export interface HostFact {
  readonly bridges: Known<readonly string[]>
  /** Whether /etc/xen/scripts/vif-bridge is there; null is what nobody tried. */
  readonly hasVifScript: boolean | null
  readonly info: Known<HostInfo>
  /** DomUs that run now, on every host that could be asked. */
  readonly running: readonly RunningDomain[]
  /** Hosts that could not be asked. */
  readonly silent: readonly { readonly host: Name; readonly reason: string }[]
}

export interface ClaimFact {
  readonly domain: Name
  readonly host: Name
  readonly generation: number
}

/** Who reads the guest's command line: what made the initrd on the host, as far as that is known. */
export function readerOf({ kernel }: Guest, fact: BootFacts['kernel']): Dialect {
  const seen = fact.kind === 'known' && 'verdict' in fact.value ? rootDialect(fact.value) : undefined
  return kernel.initrd === undefined ? 'kernel' : (seen ?? dialectOf(kernel))
}
