import { type Kysely, sql } from 'kysely'

/** Each row tells the revision that made it so, and rows that are gone leave a note: what is new can be asked for. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('resource')
    .addColumn('revision', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  await sql`update resource set revision = (select revision from site)`.execute(db)
  await db.schema.createIndex('resource_by_revision').on('resource').column('revision').execute()
  await db.schema
    .createTable('resource_gone')
    .addColumn('noun', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('resource_gone_key', ['noun', 'name'])
    .execute()
  await db.schema.createIndex('resource_gone_by_revision').on('resource_gone').column('revision').execute()
}
