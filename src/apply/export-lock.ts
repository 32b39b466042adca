import { DomusError } from '../errors.ts'
import type { FileState, Machine } from '../machine/machine.ts'
import type { StepContext, StepOf } from './step.ts'

type ExportStep = StepOf<'export'>

const LOCKS = { linux: '/run/domus-exports.lock', freebsd: '/var/run/domus-exports.lock' } as const

/** Does work on a server's exports while nobody else of us does; the lock is on the server and dies with us. */
export async function underLock<T>(
  step: Pick<ExportStep, 'machine' | 'serverKind'>,
  { machines }: Pick<StepContext, 'machines'>,
  work: (machine: Machine) => Promise<T>,
): Promise<T> {
  const machine = machines(step.machine)
  const unlock = await machine.lock(LOCKS[step.serverKind])
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
