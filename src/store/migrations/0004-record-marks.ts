import type { Kysely } from 'kysely'

/** Marks of what was recorded; schema.ts says more. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('record_mark')
    .addColumn('mark', 'text', (column) => column.primaryKey())
    .execute()
}
