import { describeError } from '../errors.ts'
import type { Plan, Step } from '../plan/plan.ts'
import { beginStep, markStep, refuseStep } from '../store/journal.ts'
import type { OperationStep } from '../store/operations.ts'
import type { ApplyContext, Progress } from './context.ts'
import type { Certainty, StepContext, StepKind } from './step.ts'
import { kindOf, stepKinds } from './steps.ts'

/** What is known of one step of an operation under way. */
export interface StepRecord {
  readonly saved: unknown
  readonly certainty: Certainty
  /** `failed`: begun, and something of it may have happened. `refused`: could not be begun. */
  readonly state: 'doing' | 'changed' | 'unchanged' | 'failed' | 'refused' | 'undone' | 'not-undone'
  readonly error?: string
}

/** A step with what it is carried out or undone by. */
interface StepAt {
  readonly step: Step
  readonly kind: StepKind
  readonly context: StepContext
  tell(state: Progress['state'], text?: string): void
}

/** An operation under way: how far each step is, in memory and in the journal. */
export interface Run {
  readonly operation: number
  readonly plan: Plan
  readonly context: ApplyContext
  /** By position; a step that is not in it was not touched. */
  readonly steps: ReadonlyMap<number, StepRecord>
  readonly warnings: readonly string[]
  /** What came of steps, such as figures. */
  readonly notes: readonly string[]
  at(position: number, phase: Progress['phase']): StepAt
  refused(position: number, error: unknown): Promise<void>
  begun(position: number, saved: unknown): Promise<void>
  done(position: number, result: 'changed' | 'unchanged'): Promise<void>
  /** Begun, and given up before anything was changed. */
  untouched(position: number, error: unknown): Promise<void>
  failed(position: number, error: unknown): Promise<void>
  undoing(position: number): Promise<void>
  undone(position: number): Promise<void>
  notUndone(position: number, error: unknown): Promise<void>
}

/** Opens the run of an operation; `journaled` is what a dead process got done of it. */
export function openRun(
  context: ApplyContext,
  operation: number,
  plan: Plan,
  journaled: readonly OperationStep[] = [],
): Run {
  const steps = new Map(journaled.map((step) => [step.position, recordOf(step)]))
  const warnings: string[] = []
  const notes: string[] = []
  const { store } = context
  const at = () => context.now().toISOString()

  const mark = (
    position: number,
    state: OperationStep['state'],
    more: { result?: string; error?: string } = {},
  ) => markStep(store, { operation, position, state, ...more, at: at() })
  /** Memory first: what has happened has happened, even when the journal cannot take it. */
  const update = (position: number, change: Partial<StepRecord>) =>
    void steps.set(position, { ...(steps.get(position) ?? FRESH), ...change })
  /** An undo goes on without the journal: it is idempotent, and the end of the operation tells of the fault. */
  const tryMark: typeof mark = (...what) =>
    mark(...what).catch((error: unknown) => void warnings.push(`the journal: ${describeError(error)}`))
  return {
    operation,
    plan,
    context,
    steps,
    warnings,
    notes,
    at(position, phase) {
      const step = plan.steps[position]
      if (step === undefined) throw new Error(`operation ${operation} has no step ${position}`)
      const kind = kindOf(context.kinds ?? stepKinds, step)
      const start = performance.now()
      const tell = (state: Progress['state'], text = kind.describe(step)) => {
        const elapsedMs = performance.now() - start
        context.onProgress?.({ phase, state, position, count: plan.steps.length, text, elapsedMs })
      }
      const { machines, toolstack, now } = context
      const progress = (text: string) => tell('note', text)
      const warn = (text: string) => void warnings.push(text)
      const report = (text: string) => void notes.push(text)
      return { step, kind, tell, context: { machines, store, toolstack, now, progress, warn, report } }
    },
    async refused(position, error) {
      update(position, { state: 'refused', error: describeError(error) })
      await refuseStep(store, { operation, position, error: describeError(error), at: at() })
    },
    async begun(position, saved) {
      await beginStep(store, { operation, position, saved, at: at() })
      update(position, { saved, state: 'doing' })
    },
    async done(position, result) {
      update(position, { state: result, certainty: 'done' })
      await mark(position, 'done', { result })
    },
    async untouched(position, error) {
      update(position, { state: 'refused', error: describeError(error) })
      await mark(position, 'undone', { error: describeError(error) })
    },
    async failed(position, error) {
      update(position, { state: 'failed', certainty: 'uncertain', error: describeError(error) })
      await mark(position, 'failed', { error: describeError(error) })
    },
    undoing: (position) => tryMark(position, 'undoing'),
    async undone(position) {
      update(position, { state: 'undone' })
      await tryMark(position, 'undone')
    },
    async notUndone(position, error) {
      update(position, { state: 'not-undone', certainty: 'uncertain', error: describeError(error) })
      await tryMark(position, 'undoing', { error: describeError(error) })
    },
  }
}

const FRESH: StepRecord = { saved: undefined, certainty: 'uncertain', state: 'doing' }

const STATES = { doing: 'doing', failed: 'failed', undoing: 'not-undone', undone: 'undone' } as const

function recordOf({ state, saved, result, error }: OperationStep): StepRecord {
  const more = { saved, ...(error !== undefined && { error }) }
  if (state !== 'done') return { ...more, state: STATES[state], certainty: 'uncertain' }
  return { ...more, state: result === 'unchanged' ? 'unchanged' : 'changed', certainty: 'done' }
}
