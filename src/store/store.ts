import type { Kysely } from 'kysely'
import type { Database } from './schema.ts'

/** The open database. */
export interface Store {
  readonly db: Kysely<Database>
  close(): Promise<void>
}
