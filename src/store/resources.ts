import { isDeepStrictEqual } from 'node:util'
import type { Transaction } from 'kysely'
import { DomusError } from '../errors.ts'
import type { Name } from '../model/grammar.ts'
import type { Noun } from '../model/inventory.ts'
import type { ResourceChange } from '../plan/plan.ts'
import { inChunks } from './chunks.ts'
import type { Database } from './schema.ts'

export type ChangeOfResource = ResourceChange & { readonly noun: Noun }

interface Row {
  readonly name: Name
  readonly spec: string
  readonly generation: number
}

/** When rows change: the time, and the revision of the inventory that their change makes. */
export interface Moment {
  readonly at: string
  readonly revision: number
}

/** Carries out changes of resources. @throws DomusError 'stale-plan' when a row is not its `before` */
export async function applyResources(
  trx: Transaction<Database>,
  changes: readonly ChangeOfResource[],
  { at, revision }: Moment,
): Promise<void> {
  for (const [noun, chunk] of chunksByNoun(changes)) {
    const rows = await findRows(trx, noun, chunk)
    for (const change of chunk) {
      const row = rows.get(change.name)
      if (!isSame(row, change.before)) throw staleRow(change, row)
    }
    await deleteRows(
      trx,
      noun,
      chunk.filter(({ after }) => after === undefined),
      revision,
    )
    await putRows(
      trx,
      noun,
      chunk.filter(({ after }) => after !== undefined),
      (name) => ({ generation: (rows.get(name)?.generation ?? 0) + 1, changed_at: at, revision }),
    )
  }
}

function chunksByNoun(changes: readonly ChangeOfResource[]): [Noun, ChangeOfResource[]][] {
  const byNoun = Map.groupBy(changes, ({ noun }) => noun)
  return [...byNoun].flatMap(([noun, all]) =>
    inChunks(all).map((chunk): [Noun, ChangeOfResource[]] => [noun, chunk]),
  )
}

async function findRows(
  trx: Transaction<Database>,
  noun: Noun,
  changes: readonly ChangeOfResource[],
): Promise<Map<Name, Row>> {
  const names = changes.map(({ name }) => name)
  const rows = await trx
    .selectFrom('resource')
    .select(['name', 'spec', 'generation'])
    .where('noun', '=', noun)
    .where('name', 'in', names)
    .execute()
  return new Map(rows.map((row) => [row.name, row]))
}

async function deleteRows(
  trx: Transaction<Database>,
  noun: Noun,
  changes: readonly ChangeOfResource[],
  revision: number,
): Promise<void> {
  if (changes.length === 0) return
  const names = changes.map(({ name }) => name)
  await trx.deleteFrom('resource').where('noun', '=', noun).where('name', 'in', names).execute()
  await trx
    .insertInto('resource_gone')
    .values(names.map((name) => ({ noun, name, revision })))
    .onConflict((conflict) =>
      conflict.columns(['noun', 'name']).doUpdateSet((row) => ({ revision: row.ref('excluded.revision') })),
    )
    .execute()
}

async function putRows(
  trx: Transaction<Database>,
  noun: Noun,
  changes: readonly ChangeOfResource[],
  more: (name: Name) => { generation: number; changed_at: string; revision: number },
): Promise<void> {
  if (changes.length === 0) return
  const names = changes.map(({ name }) => name)
  await trx.deleteFrom('resource_gone').where('noun', '=', noun).where('name', 'in', names).execute()
  await trx
    .insertInto('resource')
    .values(changes.map(({ name, after }) => ({ noun, name, spec: JSON.stringify(after), ...more(name) })))
    .onConflict((conflict) =>
      conflict.columns(['noun', 'name']).doUpdateSet((row) => ({
        spec: row.ref('excluded.spec'),
        generation: row.ref('excluded.generation'),
        changed_at: row.ref('excluded.changed_at'),
        revision: row.ref('excluded.revision'),
      })),
    )
    .execute()
}

function staleRow({ noun, name, before }: ChangeOfResource, row: Row | undefined): DomusError {
  const change = before === undefined ? 'was made' : row === undefined ? 'was deleted' : 'was changed'
  return new DomusError('stale-plan', `${noun}/${name} ${change} since this was planned: plan again`)
}

// Through JSON, as it is stored: a key with the value undefined is no key. Most are the same text.
function isSame(row: Row | undefined, planned: unknown): boolean {
  if (row === undefined || planned === undefined) return row === planned
  const text = JSON.stringify(planned)
  return text === row.spec || isDeepStrictEqual(JSON.parse(row.spec), JSON.parse(text))
}
