import type { Run } from './operation-run.ts'
import { NothingDone } from './step.ts'

/** Carries out one step of an operation, journaling how far it is. */
export async function doStep(run: Run, position: number): Promise<void> {
  const { step, kind, context, tell } = run.at(position, 'do')
  tell('begin')
  let saved: unknown
  try {
    saved = await kind.prepare(step, context)
  } catch (error) {
    await run.refused(position, error)
    throw error
  }
  await run.begun(position, saved)
  try {
    await run.done(position, await kind.apply(step, saved, context))
  } catch (error) {
    if (error instanceof NothingDone) await run.untouched(position, error)
    else await run.failed(position, error)
    throw error
  }
  tell('end')
}
