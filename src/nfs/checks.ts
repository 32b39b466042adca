import type { Problem } from '../model/problem.ts'
import type { ExportEntry } from '../plan/plan.ts'
import { keyOf, type WantedExport } from './entries.ts'
import { type Known, pathFact } from './facts.ts'
import { type ExportRequest, placeOf } from './kind.ts'

/** What a rule found: reasons to be careful, and reasons not to do it at all. */
export interface Verdicts {
  readonly warnings: readonly Problem[]
  readonly problems: readonly Problem[]
}

export const refused = (problems: readonly Problem[]): Verdicts => ({ warnings: [], problems })

/** True when two entries of one key export the same; undefined is no export. */
export const isSameExport = (a: ExportEntry, b: ExportEntry | undefined) =>
  b !== undefined && a.access === b.access && a.fsid === b.fsid

/** One writable path has one guest, ever. The model refuses it too; here nothing else is relied on. */
export function checkWriters(wanted: readonly WantedExport[]): Verdicts {
  const first = new Map<string, WantedExport>()
  return refused(
    wanted.flatMap((entry) => {
      const other = first.get(entry.path)
      if (other === undefined) first.set(entry.path, entry)
      if (other === undefined || (entry.access === 'ro' && other.access === 'ro')) return []
      return [
        {
          path: placeOf(entry),
          message: `the writable root ${entry.path} belongs to ${other.domain} (${other.client}) already; a second guest at ${entry.client} would destroy it`,
        },
      ]
    }),
  )
}

/** Entries that go, or become something else. */
function lostOf(wanted: readonly ExportEntry[], before: readonly ExportEntry[]): ExportEntry[] {
  // Both are sorted, so that mostly nothing changes from one to the other.
  if (before.length === wanted.length && before.every((entry, at) => isSame(entry, wanted[at]))) return []
  const after = new Map(wanted.map((entry) => [keyOf(entry), entry]))
  return before.filter((entry) => !isSameExport(entry, after.get(keyOf(entry))))
}

const isSame = (a: ExportEntry, b: ExportEntry | undefined) =>
  a.path === b?.path && a.client === b.client && isSameExport(a, b)

/** The export of a running guest is its disk: it is never removed, and never changed under it. */
export function checkRunning(
  { server, inventory, facts, current }: ExportRequest,
  wanted: readonly WantedExport[],
  before: readonly ExportEntry[],
): Verdicts {
  if (facts.running.kind === 'unknown' || facts.running.value.size === 0) return refused([])
  const running = facts.running.value
  const lost = lostOf(wanted, before).filter(({ client }) => running.has(client))
  const after = new Set(lost.length > 0 ? wanted.map(keyOf) : [])
  const names = new Map(
    [...(lost.length > 0 ? [...(current ?? inventory).domains.values()] : [])].map(
      ({ address, name }) => [address, name] as const,
    ),
  )
  return refused(
    lost.map((entry) => ({
      path: `servers/${server.name}`,
      message: `${names.get(entry.client) ?? 'the guest'} at ${entry.client} runs from ${entry.path} now; stop it before its export is ${after.has(keyOf(entry)) ? 'changed' : 'removed'}`,
    })),
  )
}

/** The middleware of an appliance deletes what others put beside its own exports. */
export function checkAppliance({ server, facts }: ExportRequest): Verdicts {
  if (facts.appliance === undefined) return refused([])
  return refused([
    {
      path: `servers/${server.name}/kind`,
      message: `${server.name} is run by ${facts.appliance}, whose middleware owns its exports and deletes foreign ones; use kind: print and enter them there`,
    },
  ])
}

/** Why the plan of a server cannot be trusted: all that it depends on and nobody could look at. */
export function unknownsOf(
  { server, facts }: ExportRequest,
  wanted: readonly WantedExport[],
  before: readonly ExportEntry[],
  tables: readonly Known<unknown>[],
): Problem[] {
  const reasons = (known: readonly { kind: string; reason?: string }[]) => [
    ...new Set(
      known.flatMap(({ kind, reason }) => (kind === 'unknown' && reason !== undefined ? [reason] : [])),
    ),
  ]
  const on = (list: readonly string[]) =>
    list.map((reason) => ({ path: `servers/${server.name}`, message: `its exports: ${reason}` }))
  if (facts.file.kind === 'unknown') return on([facts.file.reason])
  if (wanted.length === 0 && before.length === 0) return []
  const removes = facts.running.kind === 'unknown' && lostOf(wanted, before).length > 0
  return on(
    reasons([
      ...tables,
      ...wanted.map(({ path }) => pathFact(facts, path)),
      ...(removes ? [facts.running] : []),
    ]),
  )
}
