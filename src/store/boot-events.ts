import type { Name } from '../model/grammar.ts'
import type { Store } from './store.ts'

/** One thing that was seen of a boot, such as a DHCP request or the mount of the root. */
export interface BootEvent {
  readonly domain: Name
  /** Which boot: the same for all events of one. */
  readonly boot: string
  readonly stage: string
  /** ISO 8601. */
  readonly at: string
  readonly detail?: string
}

/** An event as it is stored; ids count up. */
export type StoredBootEvent = BootEvent & { readonly id: number }

export async function addBootEvent({ db }: Store, event: BootEvent): Promise<number> {
  const { id } = await db.insertInto('boot_event').values(event).returning('id').executeTakeFirstOrThrow()
  return id
}

const ROWS_AT_ONCE = 50 // few enough for a statement that stays prepared (sqlite.ts)

/** Many at once, all or none. */
export async function addBootEvents({ db }: Store, events: readonly BootEvent[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (let at = 0; at < events.length; at += ROWS_AT_ONCE)
      await trx
        .insertInto('boot_event')
        .values(events.slice(at, at + ROWS_AT_ONCE))
        .execute()
  })
}

/** The events of a domain, oldest first; of one boot, and after one event, where asked for. */
export async function listBootEvents(
  { db }: Store,
  domain: Name,
  { boot, after = 0 }: { boot?: string; after?: number } = {},
): Promise<StoredBootEvent[]> {
  let query = db.selectFrom('boot_event').selectAll().where('domain', '=', domain).where('id', '>', after)
  if (boot !== undefined) query = query.where('boot', '=', boot)
  const rows = await query.orderBy('id').execute()
  return rows.map(({ detail, ...row }) => ({ ...row, ...(detail !== null && { detail }) }))
}

/** The boot of a domain that had an event last; undefined when none was ever seen. */
export async function lastBoot({ db }: Store, domain: Name): Promise<string | undefined> {
  const row = await db
    .selectFrom('boot_event')
    .select('boot')
    .where('domain', '=', domain)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.boot
}
