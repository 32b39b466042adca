import type { Generated } from 'kysely'
import type { Name } from '../model/grammar.ts'
import type { Noun } from '../model/inventory.ts'

/** The tables. Times are ISO 8601 in UTC; columns that hold JSON are text, so that every database has them. */
export interface Database {
  site: SiteTable
  resource: ResourceTable
  resource_gone: ResourceGoneTable
  domain_identity: DomainIdentityTable
  claim: ClaimTable
  fence: FenceTable
  record_mark: RecordMarkTable
  operation: OperationTable
  operation_subject: OperationSubjectTable
  operation_step: OperationStepTable
  boot_event: BootEventTable
}

/** One row. */
interface SiteTable {
  id: number
  /** null until it is named. */
  name: Name | null
  /** Counts the changes of the inventory. */
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
  /** The revision of the inventory that made it so. */
  revision: number
}

/** One row per name that there was and is no more, for those who follow the inventory. */
interface ResourceGoneTable {
  noun: Noun
  name: Name
  /** The revision of the inventory that deleted it. */
  revision: number
}

/** What no two domains may share; follows the domains in `resource`. */
interface DomainIdentityTable {
  domain: Name
  address: string
  mac: string
  uuid: string
}

/** Who owns a writable root. */
export interface ClaimTable {
  /** `SERVER:PATH`. */
  root: string
  domain: Name
  host: Name
  /** Counts the changes of this row, so that an old owner can be told from a new one. */
  generation: number
  since: string
}

/** One row for each set of changes that was recorded and not taken back. */
interface RecordMarkTable {
  mark: string
}

/** A domain that is cut off from its root: nothing exports it until the fence is lifted. */
interface FenceTable {
  domain: Name
  since: string
}

/** `dismissed`: it was stuck, and a person took it on himself to leave it so. */
export type OperationState = 'running' | 'done' | 'rolled-back' | 'stuck' | 'dismissed'

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
  /** The process that carries it out, as JSON. */
  owner: string
  /** How it ended, as JSON. */
  detail: string | null
}

/** What an operation works on; `held` is 1 while nobody else may. */
interface OperationSubjectTable {
  operation_id: number
  subject: string
  held: 0 | 1
}

export type StepState = 'doing' | 'done' | 'failed' | 'undoing' | 'undone'

/** One row per step that was begun, or could not be; the others are pending. */
interface OperationStepTable {
  operation_id: number
  position: number
  state: StepState
  /** What its undo needs, as JSON; null when the step could not be begun. */
  saved: string | null
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
