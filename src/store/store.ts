import type { Kysely } from 'kysely'
import type { Database } from './schema.ts'

/** The open database. */
export interface Store {
  readonly db: Kysely<Database>
  /** Called after each change of the inventory that this process has committed. */
  readonly listeners: Set<() => void>
  close(): Promise<void>
}
