import type { Transaction } from 'kysely'
import { DomusError } from '../errors.ts'
import type { ResourceChange } from '../plan/plan.ts'
import { isSameOwner, type SeenOwner, swapClaim } from './claims.ts'
import { followIdentities } from './identities.ts'
import { applyResources, areResources, type ChangeOfResource, type Moment } from './resources.ts'
import type { Database } from './schema.ts'
import type { Store } from './store.ts'

/**
 * Carries out all changes or none, and returns the new revision.
 *
 * Changes of resources are for the inventory at `revision` only. Changes of claims alone are not: what they
 * depend on is in the claim itself, and guests that start at the same time must not hinder each other. Without a
 * `revision` only the rows themselves have to be as planned: for what has happened already, and must be written down.
 *
 * @throws DomusError 'stale-plan' when the inventory is at another revision, or a row is not its `before`;
 *   'conflict' when a root has another owner, or two domains would share address, mac or uuid
 */
export async function recordChanges(
  { db, listeners }: Store,
  changes: readonly ResourceChange[],
  { revision, at }: { revision?: number; at: string },
): Promise<number> {
  const moves = changes.some(({ noun }) => noun !== 'claims')
  const made = await db.transaction().execute(async (trx) => {
    const now = await currentRevision(trx)
    if (moves && revision !== undefined && now !== revision) throw staleRevision(revision, now)
    await applyChanges(trx, changes, { at, revision: now + 1 })
    return moves ? nextRevision(trx, now) : now
  })
  if (moves) tell(listeners)
  return made
}

/**
 * Takes recorded changes back, all or none; right also when they were never carried out, or have been taken
 * back already.
 *
 * @throws DomusError 'stale-plan' when a row is neither as before nor as after: somebody else changed it
 */
export async function unrecordChanges(
  { db, listeners }: Store,
  changes: readonly ResourceChange[],
  at: string,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const backwards = changes.map(({ before, after, ...row }) => ({
      ...row,
      before: row.noun === 'claims' ? anyGeneration(ownerOf(after)) : after,
      after: before,
    }))
    if (await areAfter(trx, backwards)) return
    const now = await currentRevision(trx)
    await applyChanges(trx, backwards, { at, revision: now + 1 })
    if (changes.some(({ noun }) => noun !== 'claims')) await nextRevision(trx, now)
  })
  tell(listeners)
}

function tell(listeners: Store['listeners']): void {
  for (const listener of listeners) listener()
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
  const revision = now + 1
  await trx.updateTable('site').set({ revision }).execute()
  return revision
}

async function applyChanges(
  trx: Transaction<Database>,
  changes: readonly ResourceChange[],
  moment: Moment,
): Promise<void> {
  const { at } = moment
  for (const { noun, name, before, after } of changes) {
    if (noun === 'claims') await swapClaim(trx, name, { before: ownerOf(before), after: ownerOf(after), at })
    if (noun === 'site') await renameSite(trx, before, after)
  }
  await applyResources(trx, changes.filter(isResource), moment)
  await followIdentities(
    trx,
    changes.filter(({ noun }) => noun === 'domains'),
  )
}

async function renameSite(trx: Transaction<Database>, before: unknown, after: unknown): Promise<void> {
  const now = await siteName(trx)
  if (now !== before) {
    throw new DomusError(
      'stale-plan',
      `the site is named ${now ?? 'no way'} since this was planned: plan again`,
    )
  }
  const name = after === undefined ? null : String(after)
  await trx.updateTable('site').set({ name }).execute()
}

async function siteName(trx: Transaction<Database>): Promise<string | undefined> {
  return (await trx.selectFrom('site').select('name').executeTakeFirstOrThrow()).name ?? undefined
}

/** Whether every row is as it would be after these changes. */
async function areAfter(trx: Transaction<Database>, changes: readonly ResourceChange[]): Promise<boolean> {
  for (const { noun, name, after } of changes) {
    if (noun === 'site' && (await siteName(trx)) !== after) return false
    if (noun !== 'claims') continue
    const row = await trx.selectFrom('claim').selectAll().where('root', '=', name).executeTakeFirst()
    if (!isSameOwner(row, ownerOf(after))) return false
  }
  return areResources(trx, changes.filter(isResource))
}

/** How often a claim was handed on since does not matter to who takes it back. */
const anyGeneration = (owner: SeenOwner | undefined) =>
  owner === undefined ? undefined : { domain: owner.domain, host: owner.host }

const isResource = (change: ResourceChange): change is ChangeOfResource =>
  change.noun !== 'claims' && change.noun !== 'site'

/** Claims in plans are data of our own making (plan/facts.ts). */
const ownerOf = (value: unknown) => value as SeenOwner | undefined
