import type { Transaction } from 'kysely'
import { DomusError } from '../errors.ts'
import { movesInventory, type ResourceChange } from '../plan/plan.ts'
import { type SeenOwner, swapClaim } from './claims.ts'
import { swapFence } from './fences.ts'
import { followIdentities } from './identities.ts'
import { applyResources, type ChangeOfResource, type Moment } from './resources.ts'
import type { Database } from './schema.ts'
import type { Store } from './store.ts'

/**
 * Carries out all changes or none, and returns the new revision. `mark` says later that they were carried out: a second
 * time nothing is done.
 *
 * Changes of resources are for the inventory at `revision` only. Changes of claims and fences alone are not: what
 * they depend on is in themselves, and guests that start at the same time must not hinder each other. Without a
 * `revision` only the rows themselves have to be as planned: for what has happened already, and must be written down.
 *
 * @throws DomusError 'stale-plan' when the inventory is at another revision, or a row is not its `before`;
 *   'conflict' when a root has another owner, or two domains would share address, mac or uuid
 */
export async function recordChanges(
  { db, listeners }: Store,
  changes: readonly ResourceChange[],
  { revision, at, mark }: { revision?: number; at: string; mark?: string },
): Promise<number> {
  const moves = changes.some(movesInventory)
  const made = await db.transaction().execute(async (trx) => {
    const now = await currentRevision(trx)
    // Whoever died between this and his journal does it again.
    if (mark !== undefined && (await hasMark(trx, mark))) return now
    if (moves && revision !== undefined && now !== revision) throw staleRevision(revision, now)
    await applyChanges(trx, changes, { at, revision: now + 1 })
    if (mark !== undefined) await trx.insertInto('record_mark').values({ mark }).execute()
    return moves ? nextRevision(trx, now) : now
  })
  if (moves) tell(listeners)
  return made
}

/**
 * Takes recorded changes back, all or none; nothing when they were never carried out, or have been taken back
 * already: their mark is not there. How the rows look now would not tell: a claim that somebody else has taken
 * meanwhile for the same domain looks like ours.
 *
 * @throws DomusError 'stale-plan' when a row is not as after: somebody else changed it
 */
export async function unrecordChanges(
  { db, listeners }: Store,
  changes: readonly ResourceChange[],
  { at, mark }: { at: string; mark: string },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const marked = await trx.deleteFrom('record_mark').where('mark', '=', mark).executeTakeFirst()
    if (marked.numDeletedRows === 0n) return
    const backwards = changes.map(({ before, after, ...row }) => ({
      ...row,
      before: row.noun === 'claims' ? anyGeneration(ownerOf(after)) : after,
      after: before,
    }))
    const now = await currentRevision(trx)
    await applyChanges(trx, backwards, { at, revision: now + 1 })
    if (changes.some(movesInventory)) await nextRevision(trx, now)
  })
  tell(listeners)
}

function tell(listeners: Store['listeners']): void {
  for (const listener of listeners) listener()
}

const hasMark = async (trx: Transaction<Database>, mark: string) =>
  (await trx.selectFrom('record_mark').select('mark').where('mark', '=', mark).executeTakeFirst()) !==
  undefined

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
    if (noun === 'fences') await swapFence(trx, name, { before, after })
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

/** How often a claim was handed on since does not matter to who takes it back. */
const anyGeneration = (owner: SeenOwner | undefined) =>
  owner === undefined ? undefined : { domain: owner.domain, host: owner.host }

const isResource = (change: ResourceChange): change is ChangeOfResource =>
  movesInventory(change) && change.noun !== 'site'

/** Claims in plans are data of our own making (plan/facts.ts). */
const ownerOf = (value: unknown) => value as SeenOwner | undefined
