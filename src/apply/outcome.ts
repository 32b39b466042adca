import { DomusError, describeError, type ErrorCode } from '../errors.ts'
import { endOperation } from '../store/journal.ts'
import type { Run } from './operation-run.ts'

/** What became of one step. `not-undone`: its undo failed. `pending`: it was never begun. */
export interface StepOutcome {
  readonly result: 'changed' | 'unchanged' | 'failed' | 'undone' | 'not-undone' | 'pending'
  readonly error?: string
}

/** What became of a plan. */
export interface Outcome {
  /** Its id in the journal; undefined for a plan without steps. */
  readonly operation?: number
  /** `rolled-back`: it failed, all was put back. `stuck`: it failed, and `lookAt` lists what was not put back. */
  readonly outcome: 'done' | 'rolled-back' | 'stuck'
  /** One for each step of the plan. */
  readonly steps: readonly StepOutcome[]
  /** Why it is not done; its code is 'stuck' when it is. */
  readonly error?: DomusError
  readonly warnings: readonly string[]
  /** What came of it, such as figures; one line each. */
  readonly notes: readonly string[]
  /** For people, one line each. */
  readonly lookAt: readonly string[]
}

/** Journals that a plan is done. */
export async function succeeded(run: Run): Promise<Outcome> {
  return end(run, 'done', [])
}

/** Journals that a plan failed, and how far it was undone. */
export async function failed(
  run: Run,
  lookAt: readonly string[],
  { position, cause }: { position: number; cause: unknown },
): Promise<Outcome> {
  const { step, kind } = run.at(position, 'do')
  const place = run.plan.steps.length === 1 ? '' : ` (step ${position + 1} of ${run.plan.steps.length})`
  const message = `${run.plan.title}: cannot ${kind.describe(step)}${place}`
  if (lookAt.length === 0) {
    return end(run, 'rolled-back', lookAt, new DomusError(codeOf(cause), message, { cause }))
  }
  return end(run, 'stuck', lookAt, stuckFault(run, lookAt, message, cause))
}

/** Journals that a plan failed after a step that there is no way back from: what is left of it can be done later. */
export async function unfinished(
  run: Run,
  { position, cause }: { position: number; cause: unknown },
): Promise<Outcome> {
  const { kind, step } = run.at(position, 'do')
  const left = [...run.plan.steps.keys()].filter((at) => {
    const state = run.steps.get(at)?.state
    return state !== 'changed' && state !== 'unchanged'
  })
  const lookAt = left.map((at) => {
    const { kind, step } = run.at(at, 'do')
    return `still to do: ${kind.describe(step)}`
  })
  const message = `${run.plan.title}: its main part is done; cannot ${kind.describe(step)}`
  return end(run, 'stuck', lookAt, stuckFault(run, lookAt, message, cause))
}

/** Journals how far an operation that was found half done is undone now. */
export async function settled(run: Run, lookAt: readonly string[]): Promise<Outcome> {
  if (lookAt.length === 0) return end(run, 'rolled-back', [])
  return end(run, 'stuck', lookAt, stuckFault(run, lookAt, `${run.plan.title}: it was cut off`))
}

const stuckFault = (run: Run, lookAt: readonly string[], message: string, cause?: unknown) =>
  new DomusError(
    'stuck',
    `${message}; not everything could be put back: look at it, then run domus operations retry ${run.operation}`,
    { cause, problems: lookAt.map((line) => ({ path: `operations/${run.operation}`, message: line })) },
  )

// These say what the user can do; every other reason is one that a step failed.
const KEPT: readonly ErrorCode[] = ['stale-plan', 'busy', 'conflict', 'refused', 'unreachable']

const codeOf = (cause: unknown) =>
  cause instanceof DomusError && KEPT.includes(cause.code) ? cause.code : 'apply-failed'

async function end(
  run: Run,
  outcome: Outcome['outcome'],
  lookAt: readonly string[],
  error?: DomusError,
): Promise<Outcome> {
  const { operation, warnings, notes, context } = run
  const detail = { warnings, notes, lookAt, ...(error && { error: describeError(error) }) }
  await endOperation(context.store, { operation, state: outcome, detail, at: context.now().toISOString() })
  return { operation, outcome, steps: stepOutcomes(run), warnings, notes, lookAt, ...(error && { error }) }
}

const RESULTS = {
  changed: 'changed',
  unchanged: 'unchanged',
  doing: 'failed',
  failed: 'failed',
  refused: 'failed',
  undone: 'undone',
  'not-undone': 'not-undone',
} as const

const stepOutcomes = ({ plan, steps }: Run): StepOutcome[] =>
  plan.steps.map((_step, position) => {
    const record = steps.get(position)
    if (record === undefined) return { result: 'pending' }
    const { state, error } = record
    if (error === undefined) return { result: RESULTS[state] }
    return { result: state === 'undone' ? 'failed' : RESULTS[state], error }
  })
