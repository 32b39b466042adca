import { DomusError } from '../errors.ts'
import type { Machines } from '../machine/machine.ts'
import type { Step } from '../plan/plan.ts'
import type { Store } from '../store/store.ts'
import type { Toolstack } from '../toolstack/toolstack.ts'

export type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>

/** What a step may use while it is carried out or undone. */
export interface StepContext {
  readonly machines: Machines
  readonly store: Store
  /** To see the domains of a host, and to end one. */
  readonly toolstack: Pick<
    Toolstack,
    'statesArgv' | 'parseStates' | 'destroyArgv' | 'incomingName' | 'awayName'
  >
  now(): Date
  /** Shows what a long step is doing now, such as `dry run of 1000 exports`. */
  progress(text: string): void
  /** Tells the user of something that does not stop the step; kept with the operation. */
  warn(text: string): void
  /** Tells the user what came of it, such as figures; kept with the operation. */
  report(text: string): void
}

/**
 * How much is known about a step that is undone: `done` reached its end; `uncertain` failed, timed out, or
 * was cut off by a crash while being done or undone, so that all, half or nothing of it may have happened.
 */
export type Certainty = 'done' | 'uncertain'

/** An error of `apply` before it has changed anything at all: there is nothing to undo. */
export class NothingDone extends DomusError {
  constructor({ code, message, cause, problems }: DomusError) {
    super(code, message, { cause, problems })
  }
}

/** Does what changes nothing yet: an error of it is {@link NothingDone}. */
export async function beforeChange<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof DomusError ? new NothingDone(error) : error
  }
}

/**
 * How one kind of step is carried out and taken back.
 *
 * The order is prepare → journal `saved` → apply → journal the result. After a failure or a crash the steps
 * that were begun are undone, last first, perhaps by another process: `undo` has only its arguments. A step
 * that was journaled as `unchanged` is not undone.
 */
export interface StepKind<S extends Step = Step, Saved = unknown> {
  /** Verb and object, such as `write /etc/xen/web1.cfg on h1`; errors say `cannot ${describe(step)}`. */
  describe(step: S): string
  /**
   * Changes nothing; returns what `undo` will need, as JSON-safe data.
   *
   * @throws DomusError 'stale-plan' when the facts differ from what the planner saw
   */
  prepare(step: S, context: StepContext): Promise<Saved>
  /** @throws NothingDone when there is nothing to undo; any other error means that anything may have happened */
  apply(step: S, saved: Saved, context: StepContext): Promise<'changed' | 'unchanged'>
  /**
   * There is no way back from it: once it is done, what the plan has after it is done too, also after a failure or a
   * crash, and nothing is undone. Steps after such a one can be done twice.
   */
  readonly isFinal?: true
  /**
   * For a step that goes on by itself when we are gone: whether it does. Then its operation is left alone.
   */
  isGoingOn?(step: S, saved: Saved, context: StepContext): Promise<boolean>
  /** For such a step: waits for its end and judges it, as `apply` would have. */
  carryOn?(step: S, saved: Saved, context: StepContext): Promise<'changed' | 'unchanged'>
  /**
   * Puts back what was there before. Idempotent, and right too when `apply` stopped half way or never began.
   * Throws rather than overwrite what somebody else has made of the thing since.
   */
  undo(step: S, saved: Saved, context: StepContext, certainty: Certainty): Promise<void>
}
