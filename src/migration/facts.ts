import type { ClaimFact, ServerFact } from '../boot/facts.ts'
import type { KernelVerdict } from '../kernel/verdict.ts'
import type { Known } from '../nfs/facts.ts'
import type { FileFact } from '../plan/plan.ts'
import type { HostLook } from './look.ts'

/** All that must be known before a guest is moved; each part may be unknown, with its reason. */
export interface MigrationFacts {
  /** The host that it is on. */
  readonly source: Known<HostLook>
  readonly target: Known<HostLook>
  /** What the guest's kernel on the source can do; `absent` when a file of it is not there. */
  readonly kernel: Known<KernelVerdict | { readonly absent: string }>
  /** Whether the guest's NFS server answers the target. */
  readonly server: Known<ServerFact>
  readonly claim: Known<ClaimFact | undefined>
  /** The guest's config as it lies on either host. */
  readonly sourceConfig: FileFact
  readonly targetConfig: FileFact
}
