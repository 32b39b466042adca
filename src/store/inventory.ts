import { sql } from 'kysely'
import type { Name } from '../model/grammar.ts'
import { type Inventory, NOUNS, type Noun } from '../model/inventory.ts'
import type { Store } from './store.ts'

/**
 * What there is, with the revision a plan made from it must name, and the recorded name of the site; `site` is its name
 * while the store has none.
 */
export async function loadInventory(
  { db }: Store,
  site: Name = 'site',
): Promise<{ inventory: Inventory; revision: number; siteName: Name | undefined }> {
  const { rows, own } = await db
    .transaction()
    .setAccessMode('read only')
    .execute(async (trx) => ({
      // One text a noun: ten thousand small ones take half as long again to fetch and to parse.
      rows: await trx
        .selectFrom('resource')
        .select('noun')
        .select(({ fn }) => fn.agg<string>('group_concat', ['spec', sql.lit(',')]).as('specs'))
        .groupBy('noun')
        .execute(),
      own: await trx.selectFrom('site').select(['name', 'revision']).executeTakeFirstOrThrow(),
    }))
  const maps = new Map(NOUNS.map((noun) => [noun, new Map<Name, unknown>()]))
  for (const { noun, specs } of rows) {
    const resources = JSON.parse(`[${specs}]`) as { name: Name }[]
    resources.sort((a, b) => (a.name < b.name ? -1 : 1)) // as good as done: they are stored by name
    maps.set(noun, new Map(resources.map((one) => [one.name, one])))
  }
  // Only settled specs are recorded (record.ts), and migrations keep them so.
  const inventory = { site: own.name ?? site, ...Object.fromEntries(maps) } as unknown as Inventory
  return { inventory, revision: own.revision, siteName: own.name ?? undefined }
}

/** Counts the changes of the inventory: cheap to ask for, to see whether another process changed it. */
export async function loadRevision({ db }: Store): Promise<number> {
  return (await db.selectFrom('site').select('revision').executeTakeFirstOrThrow()).revision
}

export interface Resource {
  readonly name: Name
  readonly spec: unknown
  /** Counts its changes, from 1. */
  readonly generation: number
  readonly changedAt: string
}

/** All resources of one noun, by name. */
export async function listResources({ db }: Store, noun: Noun): Promise<Resource[]> {
  const rows = await db.selectFrom('resource').selectAll().where('noun', '=', noun).orderBy('name').execute()
  return rows.map(({ name, spec, generation, changed_at }) => ({
    name,
    spec: JSON.parse(spec),
    generation,
    changedAt: changed_at,
  }))
}
