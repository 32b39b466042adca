import type { LiveExport } from '../nfs/facts.ts'

/** A server's export table, found by path: thousands of guests look at one. */
export interface ExportIndex {
  at(path: string): readonly LiveExport[]
  /** One export of a directory above or below this one. */
  overlapping(path: string): LiveExport | undefined
}

/** The index of a table, made once. */
export function indexOf(table: readonly LiveExport[]): ExportIndex {
  const known = indexes.get(table)
  if (known !== undefined) return known
  const made = makeIndex(table)
  indexes.set(table, made)
  return made
}

const indexes = new WeakMap<readonly LiveExport[], ExportIndex>()

function makeIndex(table: readonly LiveExport[]): ExportIndex {
  const byPath = Map.groupBy(table, ({ path }) => path)
  const parents = new Map<string, string>()
  for (const path of byPath.keys()) for (const parent of parentsOf(path)) parents.set(parent, path)
  const first = (path: string | undefined) => (path === undefined ? undefined : byPath.get(path)?.[0])
  return {
    at: (path) => byPath.get(path) ?? [],
    overlapping: (path) =>
      first(parentsOf(path).find((parent) => byPath.has(parent))) ?? first(parents.get(path)),
  }
}

/** `/`, `/srv` and `/srv/xen` for `/srv/xen/slack`. */
function parentsOf(path: string): string[] {
  const parents = path === '/' ? [] : ['/']
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) parents.push(path.slice(0, at))
  return parents
}
