import type { Transaction } from 'kysely'
import { DomusError } from '../errors.ts'
import type { Claim } from '../plan/facts.ts'
import type { Database } from './schema.ts'
import type { Store } from './store.ts'

/** Who owns which writable root. */
export async function listClaims({ db }: Store): Promise<Claim[]> {
  return db.selectFrom('claim').selectAll().orderBy('root').execute()
}

/** The part of a claim that says whose it is; the rest is when and how often. */
export type Owner = Pick<Claim, 'domain' | 'host'>

/** An owner as somebody saw it; with `generation`, that very claim and no later one of the same owner. */
export type SeenOwner = Owner & Partial<Pick<Claim, 'generation'>>

/**
 * Hands a root from one owner to the next, where undefined is nobody; compare-and-set, so that two can never
 * both win.
 *
 * @throws DomusError 'conflict' naming the owner when another domain has it; 'stale-plan' when it is not `before`'s
 */
export async function swapClaim(
  trx: Transaction<Database>,
  root: string,
  { before, after, at }: { before: SeenOwner | undefined; after: Owner | undefined; at: string },
): Promise<void> {
  const now = await trx.selectFrom('claim').selectAll().where('root', '=', root).executeTakeFirst()
  const isLater = before?.generation !== undefined && now?.generation !== before.generation
  if (!isSameOwner(now, before) || isLater) throw ownerFault(root, now, before)
  if (after === undefined) {
    await trx.deleteFrom('claim').where('root', '=', root).execute()
    return
  }
  const { domain, host } = after
  const row = { domain, host, since: at, generation: (now?.generation ?? 0) + 1 }
  await trx
    .insertInto('claim')
    .values({ root, ...row })
    .onConflict((conflict) => conflict.column('root').doUpdateSet(row))
    .execute()
}

const isSameOwner = (one: Owner | undefined, other: Owner | undefined) =>
  one?.domain === other?.domain && one?.host === other?.host

function ownerFault(root: string, now: Claim | undefined, before: Owner | undefined): DomusError {
  if (now === undefined) {
    const message = `root ${root} is not domain ${before?.domain}'s any more: plan again`
    return new DomusError('stale-plan', message)
  }
  const code = before === undefined ? 'conflict' : 'stale-plan'
  return new DomusError(
    code,
    `root ${root} is owned by domain ${now.domain} on ${now.host} since ${now.since}`,
  )
}
