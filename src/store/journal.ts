import type { Transaction } from 'kysely'
import { DomusError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { inChunks } from './chunks.ts'
import type { JournalMark, Operation, OperationDetail, Owner } from './operations.ts'
import type { Database, OperationState, StepState } from './schema.ts'
import type { Store } from './store.ts'

/**
 * Enters an operation into the journal and takes its subjects, such as `domain/web1`: one operation at a time
 * for each, and none on a subject that another one has worked on since the plan was made.
 *
 * @throws DomusError 'busy' naming the operation that has a subject, who runs it and since when; 'stale-plan'
 *   naming the one that had it since
 */
export async function beginOperation(
  { db }: Store,
  operation: {
    plan: Plan
    who: string
    subjects: readonly string[]
    owner: Owner
    at: string
    /** How far the journal was when the plan was made; without it nothing is known of what was done since. */
    since?: JournalMark | undefined
  },
): Promise<number> {
  const { plan, who, subjects, owner, at, since } = operation
  return db.transaction().execute(async (trx) => {
    await refuseBusy(trx, subjects)
    if (since !== undefined) await refuseOvertaken(trx, subjects, since)
    const { id } = await trx
      .insertInto('operation')
      .values({
        title: plan.title,
        who,
        state: 'running',
        started_at: at,
        plan: JSON.stringify(plan),
        owner: JSON.stringify(owner),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    const rows = [...new Set(subjects)].map((subject) => ({ operation_id: id, subject, held: 1 as const }))
    for (const some of inChunks(rows)) await trx.insertInto('operation_subject').values(some).execute()
    return id
  })
}

async function refuseBusy(trx: Transaction<Database>, subjects: readonly string[]): Promise<void> {
  const held = await trx
    .selectFrom('operation_subject')
    .innerJoin('operation', 'operation.id', 'operation_id')
    .select(['id', 'title', 'who', 'state', 'started_at', 'subject'])
    .where('held', '=', 1)
    .execute()
  const bySubject = new Map(held.map((one) => [one.subject, one]))
  const [other] = subjects.flatMap((subject) => bySubject.get(subject) ?? [])
  if (other === undefined) return
  const { id, title, who, state, started_at, subject } = other
  const fix =
    state === 'stuck' ? `it is stuck, settle it first: domus operations retry ${id}` : 'wait for its end'
  throw new DomusError(
    'busy',
    `${subject} is busy with operation ${id} (${title}) of ${who} since ${started_at}; ${fix}`,
  )
}

/** A guest that was started, say, after a plan saw it stopped: what the plan takes away is its root by now. */
async function refuseOvertaken(
  trx: Transaction<Database>,
  subjects: readonly string[],
  { latest, running }: JournalMark,
): Promise<void> {
  const begun = await trx
    .selectFrom('operation_subject')
    .innerJoin('operation', 'operation.id', 'operation_id')
    .select(['id', 'title', 'who', 'subject'])
    .where((where) =>
      where.or([where('operation_id', '>', latest), where('operation_id', 'in', [...running, 0])]),
    )
    .execute()
  const bySubject = new Map(begun.map((one) => [one.subject, one]))
  const [other] = subjects.flatMap((subject) => bySubject.get(subject) ?? [])
  if (other === undefined) return
  const { id, title, who, subject } = other
  throw new DomusError(
    'stale-plan',
    `${subject} has been worked on by operation ${id} (${title}) of ${who} since this was planned: plan again`,
  )
}

/** Journals that a step is about to be done, perhaps once more; `saved` is what its undo needs. */
export async function beginStep(
  { db }: Store,
  step: { operation: number; position: number; saved: unknown; at: string },
): Promise<void> {
  const { operation, position, saved, at } = step
  const row = { state: 'doing', saved: JSON.stringify(saved ?? null), error: null, started_at: at } as const
  await db
    .insertInto('operation_step')
    .values({ operation_id: operation, position, ...row })
    .onConflict((conflict) => conflict.columns(['operation_id', 'position']).doUpdateSet(row))
    .execute()
}

/** Journals that a step could not even be begun: nothing of it has to be undone. */
export async function refuseStep(
  { db }: Store,
  step: { operation: number; position: number; error: string; at: string },
): Promise<void> {
  const { operation, position, error, at } = step
  const row = { state: 'undone', error, started_at: at, finished_at: at } as const
  await db
    .insertInto('operation_step')
    .values({ operation_id: operation, position, ...row })
    .onConflict((conflict) => conflict.columns(['operation_id', 'position']).doUpdateSet(row))
    .execute()
}

/** Journals how far a step is; without `error` an earlier one stays. */
export async function markStep(
  { db }: Store,
  step: {
    operation: number
    position: number
    state: StepState
    result?: string
    error?: string
    at: string
  },
): Promise<void> {
  const { operation, position, state, result, error, at } = step
  await db
    .updateTable('operation_step')
    .set({
      state,
      finished_at: at,
      ...(result !== undefined && { result }),
      ...(error !== undefined && { error }),
    })
    .where('operation_id', '=', operation)
    .where('position', '=', position)
    .execute()
}

/** Journals the end of an operation and gives its subjects back, unless it is stuck. */
export async function endOperation(
  { db }: Store,
  end: {
    operation: number
    state: Extract<OperationState, 'done' | 'rolled-back' | 'stuck'>
    detail: OperationDetail
    at: string
  },
): Promise<void> {
  const { operation, state, detail, at } = end
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable('operation')
      .set({ state, detail: JSON.stringify(detail), finished_at: at })
      .where('id', '=', operation)
      .execute()
    if (state === 'stuck') return
    await trx
      .updateTable('operation_subject')
      .set({ held: 0 })
      .where('operation_id', '=', operation)
      .execute()
  })
}

/**
 * Makes another process the owner of an operation that is not over; compare-and-set, so that of two that try
 * one wins.
 */
export async function takeOverOperation(
  { db }: Store,
  { id, state, owner: from }: Pick<Operation, 'id' | 'state' | 'owner'>,
  owner: Owner,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('operation')
    .set({ owner: JSON.stringify(owner), state: 'running', finished_at: null })
    .where('id', '=', id)
    .where('state', '=', state)
    .where('owner', '=', JSON.stringify(from))
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Ends a stuck operation as it is, with a remark, and gives its subjects back; compare-and-set, as above. */
export async function freeSubjects(
  { db }: Store,
  { id, state, owner, detail }: Pick<Operation, 'id' | 'state' | 'owner' | 'detail'>,
  remark: string,
): Promise<boolean> {
  const { warnings = [], lookAt = [], error } = detail ?? {}
  const now: OperationDetail = {
    warnings: [...warnings, remark],
    lookAt,
    ...(error !== undefined && { error }),
  }
  return db.transaction().execute(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('operation')
      .set({ state: 'dismissed', detail: JSON.stringify(now) })
      .where('id', '=', id)
      .where('state', '=', state)
      .where('owner', '=', JSON.stringify(owner))
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return false
    await trx.updateTable('operation_subject').set({ held: 0 }).where('operation_id', '=', id).execute()
    return true
  })
}
