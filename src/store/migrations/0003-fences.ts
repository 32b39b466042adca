import type { Kysely } from 'kysely'

/** Domains that are cut off from their roots; schema.ts says more. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('fence')
    .addColumn('domain', 'text', (column) => column.primaryKey())
    .addColumn('since', 'text', (column) => column.notNull())
    .execute()
}
