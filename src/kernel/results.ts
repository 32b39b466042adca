import { type Blocker, blame } from './blame.ts'
import type { DependencyTable } from './dependencies.ts'
import { judge, relevanceOf, type Subject } from './judge.ts'
import type { BootPath, KernelRequest } from './request.ts'
import type { Rule } from './rules.ts'
import type { KernelVerdict } from './verdict.ts'

/** One rule that a kernel does not satisfy for sure. */
export interface Result {
  readonly rule: Rule
  /** It would count, had that boot been asked for. */
  readonly isHint: boolean
  readonly failed: readonly BootPath[]
  readonly unknown: readonly BootPath[]
  readonly blockers: readonly Blocker[]
}

export interface Situation {
  readonly paths: readonly BootPath[]
  readonly subject: Subject
  readonly request: KernelRequest
  readonly boots: KernelVerdict['boots']
  readonly table: DependencyTable | undefined
}

/** Applies all rules to a kernel; what is satisfied or beside the point is left out. */
export function applyRules(rules: readonly Rule[], situation: Situation): readonly Result[] {
  const { paths, subject, request, table } = situation
  return rules.flatMap((rule) => {
    const relevance = relevanceOf(rule, request, subject.initrd)
    if (relevance === 'no' || isOtherType(rule, request)) return []
    const judged = paths.map((path) => ({ path, judgement: judge(rule, path, subject) }))
    const failed = judged.filter(({ judgement }) => judgement === 'fail').map(({ path }) => path)
    const unknown = judged.filter(({ judgement }) => judgement === 'unknown').map(({ path }) => path)
    if (failed.length + unknown.length === 0) return []
    const isHint = relevance === 'hint' || hasOtherWayToStart(rule, situation)
    const wantsOn = failed.some((path) => rule.want[path]?.startsWith('y'))
    const blockers = wantsOn ? blame(rule.symbol, table, subject.have) : []
    return [{ rule, isHint, failed, unknown, blockers }]
  })
}

/** How bad a rule's failure is on one way to the root. */
export function severityOn(rule: Rule, path: BootPath): 'error' | 'warn' | 'info' {
  return typeof rule.severity === 'string' ? rule.severity : (rule.severity[path] ?? 'error')
}

/** Says whether results close a way to the root, or leave open whether they do. */
export function judgePath(path: BootPath, results: readonly Result[]): 'open' | 'closed' | 'unknown' {
  const grave = results.filter(({ rule, isHint }) => !isHint && severityOn(rule, path) === 'error')
  if (grave.some(({ failed }) => failed.includes(path))) return 'closed'
  return grave.some(({ unknown }) => unknown.includes(path)) ? 'unknown' : 'open'
}

function isOtherType({ when }: Rule, { type }: KernelRequest): boolean {
  return when?.type !== undefined && type !== undefined && !when.type.includes(type)
}

// Without a type asked for, a rule of one type counts only when no other type can start.
function hasOtherWayToStart({ when }: Rule, { request, boots }: Situation): boolean {
  return when?.type !== undefined && request.type === undefined && (boots.pv === true || boots.pvh === true)
}
