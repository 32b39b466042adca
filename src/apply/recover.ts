import { takeOverOperation } from '../store/journal.ts'
import type { Operation } from '../store/operations.ts'
import { listOperations } from '../store/operations.ts'
import { type ApplyContext, isAlive, ownerOf } from './context.ts'
import { openRun } from './operation-run.ts'
import { type Outcome, settled, succeeded } from './outcome.ts'
import { undoSteps } from './undo.ts'

/** An operation that a dead process left half done, and what became of it now. */
export interface Recovery {
  readonly operation: Operation
  readonly outcome: Outcome
}

/**
 * Puts right what dead processes left: an operation whose steps were all done is finished, any other is undone.
 *
 * For the start of every process that changes things. Operations of living processes are left alone.
 */
export async function recoverOperations(context: ApplyContext): Promise<Recovery[]> {
  const recovered: Recovery[] = []
  // Oldest first would matter only to operations on one subject, and there is just one of these.
  for (const operation of await listOperations(context.store, { state: 'running', limit: 1_000_000 })) {
    if (isAlive(context, operation.owner)) continue
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
  return isDone ? succeeded(run) : settled(run, await undoSteps(run))
}
