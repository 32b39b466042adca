import type { Generated } from 'kysely'
import type { Name } from '../model/grammar.ts'
import type { Noun } from '../model/inventory.ts'

/** The tables. Times are ISO 8601 in UTC; columns that hold JSON are text, so that both dialects fit. */
export interface Database {
  site: SiteTable
  resource: ResourceTable
  domain_identity: DomainIdentityTable
  claim: ClaimTable
  operation: OperationTable
  operation_lock: OperationLockTable
  operation_step: OperationStepTable
  boot_event: BootEventTable
}

/** One row: the site's name, and a number that counts every change of the inventory. */
interface SiteTable {
  id: number
  name: Name
  revision: number
}

/** One row per network, server, image, kernel, host and domain. */
interface ResourceTable {
  noun: Noun
  name: Name
  /** The settled spec as JSON. */
  spec: string
  /** Counts the changes of this row, from 1. */
  generation: number
  changed_at: string
}

/** What no two domains may share; kept in step with `resource` by record.ts. */
interface DomainIdentityTable {
  domain: Name
  address: string
  mac: string
  uuid: string
}

/** Who owns a writable root. */
interface ClaimTable {
  /** `SERVER:PATH`. */
  root: string
  domain: Name
  host: Name
  generation: number
  since: string
}

export type OperationState = 'running' | 'done' | 'rolled-back' | 'stuck'

/** Journal and audit log in one: what is being done, or was, by whom. */
interface OperationTable {
  id: Generated<number>
  title: string
  who: string
  state: OperationState
  started_at: string
  finished_at: string | null
  /** The Plan as JSON. */
  plan: string
  /** The process that carries it out, as JSON; see apply/owner.ts. */
  owner: string
  /** How it ended, as JSON: error, warnings, what to look at. */
  detail: string | null
}

/** A subject has one operation at a time: the row is the lock. Rows of finished operations are gone. */
interface OperationLockTable {
  subject: string
  operation_id: number
}

export type StepState = 'doing' | 'done' | 'failed' | 'undoing' | 'undone'

/** One row per step that was begun; a step without a row is pending. */
interface OperationStepTable {
  operation_id: number
  position: number
  state: StepState
  /** What its undo needs, as JSON. */
  saved: string
  /** 'changed' or 'unchanged', once it was done. */
  result: string | null
  error: string | null
  started_at: string
  finished_at: string | null
}

/** The timeline of a domain's boots. */
interface BootEventTable {
  id: Generated<number>
  domain: Name
  boot: string
  stage: string
  at: string
  detail: string | null
}
