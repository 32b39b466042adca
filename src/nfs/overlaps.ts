import type { Name } from '../model/grammar.ts'
import type { Problem } from '../model/problem.ts'
import type { NfsServer } from '../model/server.ts'
import type { ExportEntry } from '../plan/plan.ts'
import type { Verdicts } from './checks.ts'
import { keyOf, type WantedExport } from './entries.ts'
import type { LiveExport } from './facts.ts'
import { type ExportRequest, placeOf } from './kind.ts'

/** An export of somebody else; `isDeclared` when it is in a file of theirs, not in the live table alone. */
export type Foreign = LiveExport & { readonly isDeclared: boolean }

/**
 * Refuses what would overlap with exports of others: a parent, a child, the same path to another client where
 * one of the two may write, or a line of theirs that would win over ours.
 *
 * A rw export of a parent makes a read-only image writable, and a rw export of a child shows through its
 * parent (seen on knfsd over NFSv4), whoever's line it is.
 */
export function checkOverlaps(
  server: Pick<NfsServer, 'name'>,
  wanted: readonly WantedExport[],
  foreign: readonly Foreign[],
): Verdicts {
  const byPath = Map.groupBy(foreign, ({ path }) => path)
  const sorted = [...byPath.keys()].sort()
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const ours = Map.groupBy(wanted, ({ path }) => path)
  for (const [path, entries] of ours) {
    const place = `images/${entries[0]?.image}/path`
    for (const other of [...parentsAmong(path, byPath), ...childrenAmong(path, sorted)])
      problems.push({ path: place, message: overlapMessage(server, path, other, byPath.get(other) ?? []) })
    for (const parent of parentsAmong(path, ours))
      problems.push({ path: place, message: `${path} lies inside ${parent}, which is exported too` })
    for (const other of byPath.get(path) ?? []) {
      const found = compareSamePath(server, entries, other)
      if (found !== undefined) (found.isFatal ? problems : warnings).push(found.problem)
    }
  }
  return { warnings, problems }
}

/** What others export: by their files, and by the live table as far as it is not ours. */
export function foreignExports(
  { facts }: ExportRequest,
  wanted: readonly ExportEntry[],
  before: readonly ExportEntry[],
): Foreign[] {
  const declared = facts.others.kind === 'known' ? facts.others.value.exports : []
  const declaredKeys = new Set(declared.map(keyOf))
  const ourKeys = new Set([...before, ...wanted].map(keyOf))
  const live = facts.live.kind === 'known' ? facts.live.value : []
  return [
    ...declared.map((entry) => ({ ...entry, isDeclared: true })),
    ...live
      .filter((entry) => !declaredKeys.has(keyOf(entry)) && !ourKeys.has(keyOf(entry)))
      .map((entry) => ({ ...entry, isDeclared: false })),
  ]
}

/**
 * The same for a table as it is when the plan is carried out, where others may have exported something since.
 *
 * @returns why the step must not be done, one line each
 */
export function overlapsInTable(
  step: {
    readonly on: Name
    readonly before: readonly ExportEntry[]
    readonly after: readonly ExportEntry[]
  },
  table: readonly LiveExport[],
): string[] {
  const ours = new Set([...step.before, ...step.after].map(keyOf))
  const foreign = table.filter((entry) => !ours.has(keyOf(entry)))
  if (foreign.length === 0) return []
  const wanted = step.after.map((entry) => ({
    ...entry,
    domain: entry.domain ?? '',
    image: '',
    trust: undefined,
  }))
  const others = foreign.map((entry) => ({ ...entry, isDeclared: false }))
  return checkOverlaps({ name: step.on }, wanted, others).problems.map(({ message }) => message)
}

function compareSamePath(
  server: Pick<NfsServer, 'name'>,
  entries: readonly WantedExport[],
  other: Foreign,
): { isFatal: boolean; problem: Problem } | undefined {
  const same = entries.find(({ client }) => client === other.client)
  const first = entries[0]
  if (first === undefined) return undefined
  const what = `${server.name}:${other.path} is exported to ${other.client} already`
  if (same !== undefined)
    return {
      isFatal: true,
      problem: {
        path: placeOf(same),
        message: `${what}, by a line outside domus, which would win over ours; take that line out of the server's exports`,
      },
    }
  const isWritten = first.access === 'rw' || other.options.has('rw')
  if (!isWritten) return undefined
  const isFatal = other.options.has('rw')
  const effect = isFatal
    ? `who may write it there can destroy the root of ${first.domain}; ${remedy(other)}`
    : `it can read the root of ${first.domain}`
  return { isFatal, problem: { path: `images/${first.image}/path`, message: `${what}; ${effect}` } }
}

function overlapMessage(
  { name }: Pick<NfsServer, 'name'>,
  path: string,
  other: string,
  entries: readonly Foreign[],
): string {
  const isParent = other === '/' || path.startsWith(`${other}/`)
  const clients = entries.map(({ client }) => client)
  const shown = clients.length > 3 ? `${clients.slice(0, 3).join(', ')} and others` : clients.join(', ')
  const [first] = entries
  return `${name}:${path} lies ${isParent ? 'inside' : 'above'} ${other}, which is exported to ${shown} outside domus; ${first === undefined ? '' : remedy(first)}, or move the image`
}

const remedy = ({ isDeclared, path, client }: Foreign) =>
  isDeclared ? "take that line out of the server's exports" : `end it with: exportfs -u '${client}:${path}'`

function parentsAmong(path: string, paths: { has(path: string): boolean }): string[] {
  const parents = paths.has('/') ? ['/'] : []
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) {
    const parent = path.slice(0, at)
    if (paths.has(parent)) parents.push(parent)
  }
  return parents
}

function childrenAmong(path: string, sorted: readonly string[]): string[] {
  const prefix = `${path}/`
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < prefix) low = middle + 1
    else high = middle
  }
  const children: string[] = []
  for (let at = low; sorted[at]?.startsWith(prefix); at++) children.push(sorted[at] ?? '')
  return children
}
