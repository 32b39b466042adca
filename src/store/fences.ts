import type { Transaction } from 'kysely'
import { DomusError } from '../errors.ts'
import type { Name } from '../model/grammar.ts'
import type { Database } from './schema.ts'
import type { Store } from './store.ts'

/** The domains that are cut off from their roots, each with when that was done. */
export async function listFences({ db }: Store): Promise<ReadonlyMap<Name, string>> {
  const rows = await db.selectFrom('fence').selectAll().execute()
  return new Map(rows.map(({ domain, since }) => [domain, since]))
}

/**
 * Puts a fence up, or takes it down; undefined is none.
 *
 * @throws DomusError 'stale-plan' when it is not as it was `before`
 */
export async function swapFence(
  trx: Transaction<Database>,
  domain: Name,
  { before, after }: { before: unknown; after: unknown },
): Promise<void> {
  const isUp = await isFenced(trx, domain)
  if (isUp !== (before !== undefined)) {
    const what = isUp ? 'was fenced' : 'is not fenced any more'
    throw new DomusError('stale-plan', `domain ${domain} ${what} since this was planned: plan again`)
  }
  await trx.deleteFrom('fence').where('domain', '=', domain).execute()
  if (after !== undefined)
    await trx
      .insertInto('fence')
      .values({ domain, since: String(after) })
      .execute()
}

async function isFenced(trx: Transaction<Database>, domain: Name): Promise<boolean> {
  const row = await trx.selectFrom('fence').select('domain').where('domain', '=', domain).executeTakeFirst()
  return row !== undefined
}
