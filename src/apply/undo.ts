import { describeError } from '../errors.ts'
import type { Run } from './operation-run.ts'

/**
 * Undoes all steps that were begun, last first, and stops at the first that cannot be undone: what was made
 * before it, such as the export of a guest that still runs, may be in use.
 *
 * @returns what a person has to look at, one line each; empty when all was put back
 */
export async function undoSteps(run: Run): Promise<string[]> {
  const begun = [...run.steps.keys()].sort((one, other) => other - one)
  for (const [index, position] of begun.entries()) {
    const fault = await undoStep(run, position)
    if (fault !== undefined) return [fault, ...leftOver(run, begun.slice(index + 1))]
  }
  return []
}

async function undoStep(run: Run, position: number): Promise<string | undefined> {
  const { state, saved, certainty } = run.steps.get(position) ?? {}
  if (state === undefined || state === 'refused' || state === 'undone') return undefined
  if (state === 'unchanged') {
    await run.undone(position)
    return undefined
  }
  const { step, kind, context, tell } = run.at(position, 'undo')
  tell('begin')
  await run.undoing(position)
  try {
    await kind.undo(step, saved, context, certainty ?? 'uncertain')
  } catch (error) {
    await run.notUndone(position, error)
    return `could not undo: ${kind.describe(step)}: ${describeError(error)}`
  }
  await run.undone(position)
  tell('end')
  return undefined
}

const leftOver = (run: Run, positions: readonly number[]) =>
  positions.flatMap((position) => {
    const state = run.steps.get(position)?.state
    if (state === 'refused' || state === 'undone' || state === 'unchanged') return []
    const { step, kind } = run.at(position, 'undo')
    return [`still as the plan made it: ${kind.describe(step)}`]
  })
