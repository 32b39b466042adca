import { isDeepStrictEqual } from 'node:util'
import type { Transaction } from 'kysely'
import { DomusError } from '../errors.ts'
import type { Noun } from '../model/inventory.ts'
import type { ResourceChange } from '../plan/plan.ts'
import { isSameOwner, type Owner, swapClaim } from './claims.ts'
import { followIdentities } from './identities.ts'
import type { Database } from './schema.ts'
import type { Store } from './store.ts'

/**
 * Carries out all changes or none, and returns the new revision.
 *
 * Changes of resources are for the inventory at `revision` only. Changes of claims alone are not: what they
 * depend on is in the claim itself, and guests that start at the same time must not hinder each other.
 *
 * @throws DomusError 'stale-plan' when the inventory is at another revision, or a row is not its `before`;
 *   'conflict' when a root has another owner, or two domains would share address, mac or uuid
 */
export async function recordChanges(
  { db }: Store,
  changes: readonly ResourceChange[],
  { revision, at }: { revision: number; at: string },
): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const now = await currentRevision(trx)
    const moves = changes.some(({ noun }) => noun !== 'claims')
    if (moves && now !== revision) throw staleRevision(revision, now)
    await applyChanges(trx, changes, at)
    return moves ? nextRevision(trx, now) : now
  })
}

/**
 * Takes recorded changes back, all or none; right also when they were never carried out, or have been taken
 * back already.
 *
 * @throws DomusError 'stale-plan' when a row is neither as before nor as after: somebody else changed it
 */
export async function unrecordChanges(
  { db }: Store,
  changes: readonly ResourceChange[],
  at: string,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const backwards = changes.map(({ before, after, ...row }) => ({ ...row, before: after, after: before }))
    if (await areAll(trx, backwards, 'after')) return
    await applyChanges(trx, backwards.toReversed(), at)
    if (changes.some(({ noun }) => noun !== 'claims')) await nextRevision(trx, await currentRevision(trx))
  })
}

const staleRevision = (planned: number, now: number) =>
  new DomusError(
    'stale-plan',
    `the inventory has changed since this was planned (revision ${planned}, now ${now}): plan again`,
  )

async function currentRevision(trx: Transaction<Database>): Promise<number> {
  return (await trx.selectFrom('site').select('revision').executeTakeFirstOrThrow()).revision
}

async function nextRevision(trx: Transaction<Database>, now: number): Promise<number> {
  await trx
    .updateTable('site')
    .set({ revision: now + 1 })
    .execute()
  return now + 1
}

async function applyChanges(
  trx: Transaction<Database>,
  changes: readonly ResourceChange[],
  at: string,
): Promise<void> {
  for (const change of changes) {
    const { noun, name, before, after } = change
    if (noun === 'claims') {
      await swapClaim(trx, name, { before: ownerOf(before), after: ownerOf(after), at })
    } else if (noun === 'site') await applySiteName(trx, change)
    else await applyResource(trx, noun, change, at)
  }
  await followIdentities(
    trx,
    changes.filter(({ noun }) => noun === 'domains'),
  )
}

async function applySiteName(trx: Transaction<Database>, { before, after }: ResourceChange): Promise<void> {
  const now = await siteName(trx)
  if (now !== before) throw staleRow('site', before, now)
  await trx
    .updateTable('site')
    .set({ name: after === undefined ? null : String(after) })
    .execute()
}

async function siteName(trx: Transaction<Database>): Promise<string | undefined> {
  return (await trx.selectFrom('site').select('name').executeTakeFirstOrThrow()).name ?? undefined
}

async function applyResource(
  trx: Transaction<Database>,
  noun: Noun,
  { name, before, after }: ResourceChange,
  at: string,
): Promise<void> {
  const row = await findResource(trx, noun, name)
  if (!isSame(row?.spec, before)) throw staleRow(`${noun}/${name}`, before, row)
  if (after === undefined) {
    await trx.deleteFrom('resource').where('noun', '=', noun).where('name', '=', name).execute()
    return
  }
  const values = { spec: JSON.stringify(after), generation: (row?.generation ?? 0) + 1, changed_at: at }
  await trx
    .insertInto('resource')
    .values({ noun, name, ...values })
    .onConflict((conflict) => conflict.columns(['noun', 'name']).doUpdateSet(values))
    .execute()
}

async function findResource(trx: Transaction<Database>, noun: Noun, name: string) {
  const row = await trx
    .selectFrom('resource')
    .select(['spec', 'generation'])
    .where('noun', '=', noun)
    .where('name', '=', name)
    .executeTakeFirst()
  return row && { ...row, spec: JSON.parse(row.spec) as unknown }
}

async function areAll(
  trx: Transaction<Database>,
  changes: readonly ResourceChange[],
  side: 'before' | 'after',
): Promise<boolean> {
  for (const change of changes) {
    const { noun, name } = change
    if (noun === 'claims') {
      const row = await trx.selectFrom('claim').selectAll().where('root', '=', name).executeTakeFirst()
      if (!isSameOwner(row, ownerOf(change[side]))) return false
    } else if (noun === 'site') {
      if ((await siteName(trx)) !== change[side]) return false
    } else if (!isSame((await findResource(trx, noun, name))?.spec, change[side])) return false
  }
  return true
}

function staleRow(what: string, before: unknown, row: unknown): DomusError {
  const change = before === undefined ? 'was made' : row === undefined ? 'was deleted' : 'was changed'
  return new DomusError('stale-plan', `${what} ${change} since this was planned: plan again`)
}

// Through JSON, as it is stored: a key with the value undefined is no key.
const isSame = (stored: unknown, planned: unknown) =>
  stored === undefined || planned === undefined
    ? stored === planned
    : isDeepStrictEqual(stored, JSON.parse(JSON.stringify(planned)))

/** Claims in plans are data of our own making (plan/facts.ts). */
const ownerOf = (value: unknown) => value as Owner | undefined
