import { takeOverOperation } from '../store/journal.ts'
import type { Operation } from '../store/operations.ts'
import { listOperations } from '../store/operations.ts'
import { type ApplyContext, isAlive, ownerOf } from './context.ts'
import { carryOn, goForward, isPastReturn } from './forward.ts'
import { openRun } from './operation-run.ts'
import { type Outcome, settled, succeeded } from './outcome.ts'
import { undoSteps } from './undo.ts'

/** An operation that a dead process left half done, and what became of it now; nothing yet when it goes on by itself. */
export interface Recovery {
  readonly operation: Operation
  readonly outcome?: Outcome
}

/**
 * Puts right what dead processes left: an operation whose steps were all done is finished, any other is undone.
 *
 * For the start of every process that changes things. Operations of living processes are left alone, and so are those
 * that go on by themselves, unless one works on `awaited`: for its end we wait.
 */
export async function recoverOperations(context: ApplyContext, awaited?: string): Promise<Recovery[]> {
  const recovered: Recovery[] = []
  // Oldest first would matter only to operations on one subject, and there is just one of these.
  for (const operation of await listOperations(context.store, { state: 'running', limit: 1_000_000 })) {
    if (isAlive(context, operation.owner)) continue
    const isAwaited = awaited !== undefined && operation.subjects.includes(awaited)
    if (!isAwaited && (await isGoingOn(context, operation))) {
      recovered.push({ operation })
      continue
    }
    const outcome = await takeUp(context, operation)
    if (outcome !== undefined) recovered.push({ operation, outcome })
  }
  return recovered
}

/** Finishes or undoes an operation that nobody works on; undefined when another process is at it already. */
export async function takeUp(context: ApplyContext, operation: Operation): Promise<Outcome | undefined> {
  if (!(await takeOverOperation(context.store, operation, ownerOf(context)))) return undefined
  const run = openRun(context, operation.id, operation.plan, operation.steps)
  const isDone = operation.plan.steps.every((_step, position) =>
    operation.steps.some((step) => step.position === position && step.state === 'done'),
  )
  if (isDone) return succeeded(run)
  await carryOn(run)
  return isPastReturn(run) ? goForward(run) : settled(run, await undoSteps(run))
}

/** Whether a step of it goes on by itself; a machine that does not answer cannot say so. */
async function isGoingOn(context: ApplyContext, operation: Operation): Promise<boolean> {
  const run = openRun(context, operation.id, operation.plan, operation.steps)
  for (const [position, { state, saved }] of run.steps) {
    const { step, kind, context } = run.at(position, 'do')
    if (state !== 'doing' || kind.isGoingOn === undefined) continue
    if (await kind.isGoingOn(step, saved, context).catch(() => false)) return true
  }
  return false
}
