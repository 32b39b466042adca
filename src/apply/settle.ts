import { DomusError } from '../errors.ts'
import { freeSubjects } from '../store/journal.ts'
import { getOperation, type Operation } from '../store/operations.ts'
import { type ApplyContext, isAlive } from './context.ts'
import type { Outcome } from './outcome.ts'
import { takeUp } from './recover.ts'

/**
 * Tries again to undo a stuck operation.
 *
 * @throws DomusError 'not-found'; 'conflict' when it is not stuck; 'busy' when somebody works on it
 */
export async function retryUndo(context: ApplyContext, id: number): Promise<Outcome> {
  const operation = await getOperation(context.store, id)
  requireIdle(context, operation)
  const outcome = await takeUp(context, operation)
  if (outcome === undefined) throw busy(operation)
  return outcome
}

/**
 * Leaves a stuck operation as it is and frees what it holds, for a person who has put it right by hand.
 *
 * @throws DomusError as {@link retryUndo}
 */
export async function dismissOperation(context: ApplyContext, id: number, who: string): Promise<void> {
  const operation = await getOperation(context.store, id)
  requireIdle(context, operation)
  if (!(await freeSubjects(context.store, operation, `left as it is by ${who}`))) throw busy(operation)
}

function requireIdle(context: ApplyContext, operation: Operation): void {
  const { id, state, owner } = operation
  if (state === 'running' && isAlive(context, owner)) throw busy(operation)
  if (state === 'running' || state === 'stuck') return
  throw new DomusError('conflict', `operation ${id} is ${state}: there is nothing to undo`)
}

const busy = ({ id, title, who, started }: Operation) =>
  new DomusError('busy', `operation ${id} (${title}) of ${who}, begun ${started}, is being worked on`)
