import type { Problem } from '../model/problem.ts'
import type { Step } from '../plan/plan.ts'
import { checkAppliance, checkRunning, checkWriters, unknownsOf, type Verdicts } from './checks.ts'
import { checkDrift } from './drift.ts'
import { bareEntry, entriesOf, keyOf, type WantedExport } from './entries.ts'
import { meaningOf, meaningOfEntry } from './exportfs-table.ts'
import { checkIsolation } from './isolation.ts'
import { type ExportPlan, type ExportRequest, ownerOf } from './kind.ts'
import { DROP_IN, renderDropIn } from './linux-file.ts'
import { checkOverlaps, foreignExports } from './overlaps.ts'
import { checkPaths } from './paths.ts'

/** Plans the one 'export' step of a knfsd server, or says what speaks against it. */
export function linuxPlan(request: ExportRequest): ExportPlan {
  const { server, inventory, facts } = request
  const drift = checkDrift(request)
  const wanted = entriesOf(server, inventory, facts, drift.before)
  const content = renderDropIn(ownerOf(request), wanted)
  const isNeeded = needsStep(request, wanted, content)
  const verdicts: Verdicts[] = [
    drift,
    checkWriters(wanted),
    checkPaths(request, wanted),
    checkOverlaps(server, wanted, foreignExports(request, wanted, drift.before)),
    checkIsolation(request, wanted),
    checkRunning(request, wanted, drift.before),
    ...(isNeeded ? [checkAppliance(request)] : []),
    complaintOfOthers(request),
  ]
  const unknown = unknownsOf(request, wanted, drift.before, [facts.live, facts.others])
  const problems = verdicts.flatMap((verdict) => verdict.problems)
  const step: Step = {
    kind: 'export',
    on: server.name,
    machine: server.machine,
    serverKind: 'linux',
    path: DROP_IN,
    before: drift.before.map(bareEntry),
    after: wanted.map(bareEntry),
    fileBefore: facts.file,
    content,
  }
  return {
    steps: isNeeded ? [...drift.steps, step] : [],
    warnings: verdicts.flatMap((verdict) => verdict.warnings),
    problems,
    facts: unknown.length === 0 ? 'known' : 'unknown',
    unknown,
  }
}

function needsStep({ facts }: ExportRequest, wanted: readonly WantedExport[], content: string): boolean {
  if (facts.file.kind === 'unknown') return wanted.length > 0
  const found = facts.file.kind === 'file' ? facts.file.content : ''
  if (found !== content) return true
  if (facts.live.kind === 'unknown') return false
  const live = new Map(facts.live.value.map((entry) => [keyOf(entry), meaningOf(entry.options)]))
  return wanted.some((entry) => live.get(keyOf(entry)) !== meaningOfEntry(entry))
}

function complaintOfOthers({ server, facts }: ExportRequest): Verdicts {
  if (facts.others.kind === 'unknown' || facts.others.value.complaint === '')
    return { warnings: [], problems: [] }
  const message = `exportfs has complaints about exports that are not ours (domus changes nothing there, and ours do not depend on them): ${facts.others.value.complaint.trim()}`
  const warning: Problem = { path: `servers/${server.name}`, message }
  return { warnings: [warning], problems: [] }
}
