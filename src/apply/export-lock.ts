import { DomusError } from '../errors.ts'
import type { FileState, Machine } from '../machine/machine.ts'
import { beforeChange, type StepContext, type StepOf } from './step.ts'

type ExportStep = StepOf<'export'>

const LOCKS = { linux: '/run/domus-exports.lock', freebsd: '/var/run/domus-exports.lock' } as const

/** An undo waits longer than a change: it has to be done some time, and a change can be asked for again. */
export const UNDO_WAIT_MS = 60_000

/**
 * Does work on a server's exports while nobody else of us does; the lock is on the server and dies with us.
 *
 * @throws NothingDone with code 'busy' naming the holder
 */
export async function underLock<T>(
  step: Pick<ExportStep, 'machine' | 'serverKind'>,
  { machines }: Pick<StepContext, 'machines'>,
  work: (machine: Machine) => Promise<T>,
  options: { readonly waitMs?: number } = {},
): Promise<T> {
  const machine = machines(step.machine)
  const unlock = await beforeChange(() => machine.lock(LOCKS[step.serverKind], options))
  let result: T
  try {
    result = await work(machine)
  } catch (error) {
    await unlock().catch(() => undefined) // the first error says more
    throw error
  }
  await unlock()
  return result
}

/** @throws DomusError 'stale-plan' when the file is not what the planner saw */
export function requirePlanned({ path, on, fileBefore }: ExportStep, file: FileState | undefined): void {
  if (fileBefore.kind === 'unknown')
    throw new DomusError('stale-plan', `${path} on ${on} was not known when this was planned: plan again`)
  const planned = fileBefore.kind === 'file' ? fileBefore.content : undefined
  if (planned !== file?.content)
    throw new DomusError('stale-plan', `${path} on ${on} has changed since this was planned: plan again`)
}
