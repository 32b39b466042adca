import type { Check } from '../migration/check.ts'
import type { Name } from '../model/grammar.ts'
import type { Problem } from '../model/problem.ts'
import { diffFile } from './diff.ts'
import type { Argv, Plan, Step } from './plan.ts'

/** One step as `--json` and the API show it. */
export interface StepView {
  readonly kind: Step['kind']
  readonly machine: string
  /** The host or server of the inventory. */
  readonly on?: string
  readonly path?: string
  readonly argv?: Argv
  readonly diff?: string
  /** For a record step, and a migration: what becomes of each row. */
  readonly rows?: readonly {
    readonly action: '+' | '~' | '-'
    readonly noun: string
    readonly name: string
  }[]
}

/** What was checked before a guest moves. */
export interface Preflight {
  readonly domain: Name
  readonly from: Name
  readonly to: Name
  readonly ok: boolean
  readonly checks: readonly Check[]
}

/** A plan as `plan --json` and every dry run show it; that of a migration with its {@link Preflight}. */
export interface PlanView extends Partial<Preflight> {
  readonly title: string
  readonly facts: 'known' | 'unknown'
  /** Number of steps: unchanged things are not in a plan. */
  readonly changes: number
  readonly steps: readonly StepView[]
  readonly warnings: readonly Problem[]
  /** Why it would be refused; absent when it would not. */
  readonly refusals?: readonly Problem[]
}

export const viewPlan = (plan: Plan, refusals: readonly Problem[] = [], preflight?: Preflight): PlanView => ({
  ...preflight,
  title: plan.title,
  facts: plan.facts,
  changes: plan.steps.length,
  steps: plan.steps.map(viewStep),
  warnings: plan.warnings,
  ...(refusals.length > 0 && { refusals }),
})

export function viewStep(step: Step): StepView {
  switch (step.kind) {
    case 'write':
      return { ...place(step), path: step.path, diff: diffFile(label(step), step.before, step.content) }
    case 'remove':
      return { ...place(step), path: step.path, diff: diffFile(label(step), step.before, undefined) }
    case 'export':
      return { ...place(step), path: step.path, diff: diffFile(label(step), step.fileBefore, step.content) }
    case 'run':
    case 'start':
    case 'stop':
    case 'mend':
      return { ...place(step), argv: step.argv }
    case 'migrate':
      return { ...place(step), argv: step.argv, rows: rowsOf(step.changes) }
    case 'copy':
      return { ...place(step), path: step.path }
    case 'record':
      return {
        kind: 'record',
        machine: 'local',
        rows: rowsOf(step.changes),
      }
  }
}

const rowsOf = (changes: (Step & { kind: 'record' })['changes']) =>
  changes.map(({ noun, name, before, after }) => ({
    action: before === undefined ? ('+' as const) : after === undefined ? ('-' as const) : ('~' as const),
    noun,
    name,
  }))

/** Lines for people: the title, one line per step, then warnings. */
export function describePlan(plan: Plan): string[] {
  return [
    plan.title,
    ...plan.steps.map((step) => `  ${describeStep(step)}`),
    ...plan.warnings.map(({ path, message }) => `  warning: ${path}: ${message}`),
  ]
}

/** One step in one line: sign, what, where. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'write':
      return `${step.before.kind === 'file' ? '~' : '+'} write ${label(step)} (${Buffer.byteLength(step.content)} bytes)`
    case 'remove':
      return `- remove ${label(step)}`
    case 'run':
      return `! run on ${step.on}: ${step.argv.join(' ')}`
    case 'export':
      return `~ export ${label(step)} (${describeLines(step)})`
    case 'start':
      return `! start on ${step.on}: ${step.argv.join(' ')}`
    case 'stop':
      return `! stop on ${step.on}: ${step.argv.join(' ')}`
    case 'migrate':
      return `! migrate ${step.domain} from ${step.on} to ${step.to.on}, then record ${describeRows(step.changes)}`
    case 'copy':
      return `+ copy ${label(step)} from ${step.from.on} (sha256 ${step.sha256.slice(0, 12)}…)`
    case 'mend':
      return `! ${step.action} on ${step.on}: ${step.name} (domain ${step.domid}, ${step.condition})`
    case 'record':
      return `~ record ${describeRows(step.changes)}`
  }
}

function describeLines({ before, after }: Step & { kind: 'export' }): string {
  const key = ({ path, client, access, fsid }: (typeof after)[number]) =>
    `${path} ${client} ${access} ${fsid ?? ''}`
  const [old, now] = [new Set(before.map(key)), new Set(after.map(key))]
  const added = [...now].filter((line) => !old.has(line)).length
  const removed = [...old].filter((line) => !now.has(line)).length
  const parts = [added > 0 && `+${added}`, removed > 0 && `-${removed}`].filter((part) => part !== false)
  return parts.length === 0 ? 'same lines' : `${parts.join(' ')} ${added + removed === 1 ? 'line' : 'lines'}`
}

function describeRows(changes: (Step & { kind: 'record' })['changes']): string {
  const shown = changes.slice(0, 4).map(({ noun, name, before, after }) => {
    const sign = before === undefined ? '+' : after === undefined ? '-' : '~'
    return `${sign}${noun}/${name}`
  })
  const rest = changes.length - shown.length
  return rest > 0 ? `${shown.join(' ')} and ${rest} more` : shown.join(' ')
}

const place = <S extends Exclude<Step, { kind: 'record' }>>(step: S) => ({
  kind: step.kind,
  machine: step.machine,
  on: step.on,
})

const label = (step: { on: string; path: string }) => `${step.on}:${step.path}`
