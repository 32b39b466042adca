import { type Kysely, sql } from 'kysely'

/** All tables of the first version; schema.ts says what they are for. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createInventory(db)
  await createOperations(db)
  await createBootEvents(db)
}

async function createInventory(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('site')
    .addColumn('id', 'integer', (column) => column.primaryKey().check(sql`id = 1`))
    .addColumn('name', 'text')
    .addColumn('revision', 'integer', (column) => column.notNull())
    .execute()
  await sql`insert into site (id, name, revision) values (1, null, 0)`.execute(db)
  await db.schema
    .createTable('resource')
    .addColumn('noun', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('spec', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('changed_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('resource_key', ['noun', 'name'])
    .execute()
  await db.schema
    .createTable('domain_identity')
    .addColumn('domain', 'text', (column) => column.primaryKey())
    .addColumn('address', 'text', (column) => column.notNull().unique())
    .addColumn('mac', 'text', (column) => column.notNull().unique())
    .addColumn('uuid', 'text', (column) => column.notNull().unique())
    .execute()
  await db.schema
    .createTable('claim')
    .addColumn('root', 'text', (column) => column.primaryKey())
    .addColumn('domain', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('since', 'text', (column) => column.notNull())
    .execute()
}

async function createOperations(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('operation')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('who', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('finished_at', 'text')
    .addColumn('plan', 'text', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('detail', 'text')
    .execute()
  await db.schema.createIndex('operation_by_state').on('operation').column('state').execute()
  await db.schema
    .createTable('operation_subject')
    .addColumn('operation_id', 'integer', (column) => column.notNull().references('operation.id'))
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('held', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('operation_subject_key', ['operation_id', 'subject'])
    .execute()
  // The lock: an operation that holds a subject keeps every other one from it.
  await sql`create unique index subject_holder on operation_subject (subject) where held = 1`.execute(db)
  await db.schema
    .createTable('operation_step')
    .addColumn('operation_id', 'integer', (column) => column.notNull().references('operation.id'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('saved', 'text')
    .addColumn('result', 'text')
    .addColumn('error', 'text')
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('finished_at', 'text')
    .addPrimaryKeyConstraint('operation_step_key', ['operation_id', 'position'])
    .execute()
}

async function createBootEvents(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('boot_event')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('domain', 'text', (column) => column.notNull())
    .addColumn('boot', 'text', (column) => column.notNull())
    .addColumn('stage', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('detail', 'text')
    .execute()
  await db.schema.createIndex('boot_event_of').on('boot_event').columns(['domain', 'boot', 'id']).execute()
}
