import type { Selectable } from 'kysely'
import { DomusError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import type { Database, OperationState, StepState } from './schema.ts'
import type { Store } from './store.ts'

export type { OperationState, StepState } from './schema.ts'

/** The process that carries an operation out, so that another one can tell whether it still lives. */
export interface Owner {
  readonly pid: number
  /** Start of the process in clock ticks after boot (proc(5), stat field 22): a pid alone is used again. */
  readonly startTicks: string
  /** /proc/sys/kernel/random/boot_id */
  readonly bootId: string
  /** Processes of another pid namespace cannot be looked at. */
  readonly pidNamespace: string
}

/** How an operation ended, for people. */
export interface OperationDetail {
  /** Why it did not end well. */
  readonly error?: string
  readonly warnings: readonly string[]
  /** What came of it, such as figures. */
  readonly notes?: readonly string[]
  /** For a stuck one: what its undo could not put back, one line each. */
  readonly lookAt: readonly string[]
}

export interface OperationStep {
  /** Its place in the plan. */
  readonly position: number
  readonly state: StepState
  readonly saved?: unknown
  readonly result?: string
  readonly error?: string
  readonly started: string
  readonly finished?: string
}

export interface Operation {
  readonly id: number
  readonly title: string
  readonly who: string
  readonly state: OperationState
  readonly started: string
  readonly finished?: string
  readonly subjects: readonly string[]
  readonly owner: Owner
  readonly plan: Plan
  readonly detail?: OperationDetail
  /** The steps that were begun, or could not be; those of the plan that are missing here are pending. */
  readonly steps: readonly OperationStep[]
}

/** Operations, newest first, 100 at most; only those of one state or subject, where asked for. */
export async function listOperations(
  { db }: Store,
  filter: { state?: OperationState; subject?: string; limit?: number } = {},
): Promise<Operation[]> {
  return db
    .transaction()
    .setAccessMode('read only')
    .execute(async (trx) => {
      let query = trx.selectFrom('operation').selectAll().orderBy('id', 'desc')
      if (filter.state !== undefined) query = query.where('state', '=', filter.state)
      if (filter.subject !== undefined) {
        const { subject } = filter
        query = query.where('id', 'in', (from) =>
          from.selectFrom('operation_subject').select('operation_id').where('subject', '=', subject),
        )
      }
      const rows = await query.limit(filter.limit ?? 100).execute()
      return Promise.all(rows.map((row) => complete(trx, row)))
    })
}

/** How far the journal was at some moment: what had begun, and what of it was still under way. */
export interface JournalMark {
  /** The id of the latest one; 0 when there is none. */
  readonly latest: number
  readonly running: readonly number[]
}

/** How far the journal is now, for a plan that is made from what is looked at afterwards. */
export async function loadJournalMark({ db }: Store): Promise<JournalMark> {
  const { latest } = await db
    .selectFrom('operation')
    .select(({ fn }) => fn.max('id').as('latest'))
    .executeTakeFirstOrThrow()
  const running = await db.selectFrom('operation').select('id').where('state', '=', 'running').execute()
  return { latest: Number(latest ?? 0), running: running.map(({ id }) => id) }
}

/** @throws DomusError 'not-found' */
export async function getOperation({ db }: Store, id: number): Promise<Operation> {
  const row = await db.selectFrom('operation').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new DomusError('not-found', `no operation ${id}`)
  return complete(db, row)
}

async function complete(
  db: Pick<Store['db'], 'selectFrom'>,
  row: Selectable<Database['operation']>,
): Promise<Operation> {
  const steps = await db
    .selectFrom('operation_step')
    .selectAll()
    .where('operation_id', '=', row.id)
    .orderBy('position')
    .execute()
  const subjects = await db
    .selectFrom('operation_subject')
    .select('subject')
    .where('operation_id', '=', row.id)
    .orderBy('subject')
    .execute()
  return {
    id: row.id,
    title: row.title,
    who: row.who,
    state: row.state,
    started: row.started_at,
    ...(row.finished_at !== null && { finished: row.finished_at }),
    subjects: subjects.map(({ subject }) => subject),
    owner: JSON.parse(row.owner),
    plan: JSON.parse(row.plan),
    ...(row.detail !== null && { detail: JSON.parse(row.detail) }),
    steps: steps.map(stepOf),
  }
}

const stepOf = (row: Selectable<Database['operation_step']>): OperationStep => ({
  position: row.position,
  state: row.state,
  ...(row.saved !== null && { saved: JSON.parse(row.saved) }),
  ...(row.result !== null && { result: row.result }),
  ...(row.error !== null && { error: row.error }),
  started: row.started_at,
  ...(row.finished_at !== null && { finished: row.finished_at }),
})
