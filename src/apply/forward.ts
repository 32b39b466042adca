import { doStep } from './do-step.ts'
import type { Run } from './operation-run.ts'
import { type Outcome, succeeded, unfinished } from './outcome.ts'

/** Whether a step is done that there is no way back from. */
export const isPastReturn = (run: Run) =>
  [...run.steps].some(
    ([position, { state }]) => state === 'changed' && run.at(position, 'do').kind.isFinal === true,
  )

/** Waits for a step that goes on by itself, and judges it; one that nobody waits for is left as it is. */
export async function carryOn(run: Run): Promise<void> {
  for (const [position, { state, saved }] of run.steps) {
    const { step, kind, context, tell } = run.at(position, 'do')
    if (kind.carryOn === undefined || !CUT_OFF.includes(state)) continue
    tell('begin')
    try {
      await run.done(position, await kind.carryOn(step, saved, context))
    } catch (error) {
      await run.failed(position, error)
    }
  }
}

const CUT_OFF = ['doing', 'failed', 'not-undone']

/** Does what a plan has left after the step that there is no way back from. */
export async function goForward(run: Run): Promise<Outcome> {
  for (const position of run.plan.steps.keys()) {
    try {
      await finishStep(run, position)
    } catch (cause) {
      return unfinished(run, { position, cause })
    }
  }
  return succeeded(run)
}

/** One that was begun is done again, from what was saved: what is done already stays as it is. */
async function finishStep(run: Run, position: number): Promise<void> {
  const record = run.steps.get(position)
  // Nothing was saved of one that could not be begun: it was refused, perhaps by a machine that was away.
  if (record === undefined || record.state === 'refused' || record.saved === undefined)
    return doStep(run, position)
  if (record.state === 'changed' || record.state === 'unchanged') return
  const { step, kind, context, tell } = run.at(position, 'do')
  tell('begin')
  await run.done(position, await kind.apply(step, record.saved, context))
}
