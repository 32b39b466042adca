import type { KernelData } from '../kernel/check.ts'
import type { Unpackers } from '../kernel/unpack/unpack.ts'
import type { Machines } from '../machine/machine.ts'
import type { Name } from '../model/grammar.ts'
import type { Templates } from '../render/templates.ts'
import type { Store } from '../store/store.ts'
import type { DhcpSight } from './dhcp-sight.ts'
import type { VerdictCache } from './kernels.ts'

/** What every job may use that needs no database. */
export interface Tools {
  readonly machines: Machines
  readonly templates: Templates
  /** The name of this site when neither document nor store gives one. */
  readonly site: Name
  readonly isolation: 'warn' | 'refuse'
  /** The rules on kernels, read at their first use. */
  kernelData(): Promise<KernelData>
  readonly verdicts: VerdictCache
  readonly dhcp: DhcpSight
  /** Programs of this machine that unpack kernels faster than we do. */
  readonly unpackers: Unpackers
  now(): Date
  /** Tells people something that nobody asked for; a line on standard error, or the service's log. */
  note(text: string): void
  close(): Promise<void>
}

/** What the jobs run on; made in app.ts. */
export interface App extends Tools {
  readonly store: Store
  /** Who asks, for the journal: a user name, or the owner of a token. */
  readonly who: string
}
