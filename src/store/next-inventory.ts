import type { Name } from '../model/grammar.ts'
import { type Inventory, NOUNS, type Noun } from '../model/inventory.ts'
import type { Store } from './store.ts'

/** An inventory with the revision it was loaded at. */
export interface Loaded {
  readonly inventory: Inventory
  readonly revision: number
}

/** Names that were made, changed or deleted, by noun. */
export type Touched = ReadonlyMap<Noun, ReadonlySet<Name>>

/**
 * What there is now, made of what was loaded before: only rows of later revisions are read.
 *
 * What did not change is the same object as before; `touched` names the rest. `site` is its name while the store has
 * none.
 */
export async function loadNextInventory(
  { db }: Store,
  before: Loaded,
  site: Name,
): Promise<Loaded & { readonly touched: Touched }> {
  const { own, rows, gone } = await db
    .transaction()
    .setAccessMode('read only')
    .execute(async (trx) => ({
      own: await trx.selectFrom('site').select(['name', 'revision']).executeTakeFirstOrThrow(),
      rows: await trx
        .selectFrom('resource')
        .select(['noun', 'name', 'spec'])
        .where('revision', '>', before.revision)
        .execute(),
      gone: await trx
        .selectFrom('resource_gone')
        .select(['noun', 'name'])
        .where('revision', '>', before.revision)
        .execute(),
    }))
  const byNoun = Map.groupBy([...rows, ...gone], ({ noun }) => noun)
  const touched = new Map([...byNoun].map(([noun, all]) => [noun, new Set(all.map(({ name }) => name))]))
  const maps = Object.fromEntries(
    NOUNS.map((noun) => {
      const known = before.inventory[noun]
      return [noun, touched.has(noun) ? new Map<Name, unknown>(known) : known]
    }),
  ) as Record<string, Map<Name, unknown>> // those that are written to are the new ones
  for (const { noun, name } of gone) maps[noun]?.delete(name)
  for (const { noun, name, spec } of rows) maps[noun]?.set(name, JSON.parse(spec))
  // Only settled specs are recorded (record.ts), and migrations keep them so.
  const inventory = { site: own.name ?? site, ...maps } as unknown as Inventory
  return { inventory, revision: own.revision, touched }
}
