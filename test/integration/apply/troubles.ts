import fc from 'fast-check'
import type { StepKind } from '../../../src/apply/step.ts'
import { type StepKinds, stepKinds } from '../../../src/apply/steps.ts'
import type { Fault, MemoryMachine } from '../../fakes/memory-machine.ts'

/** What goes wrong in one process: faults of the machines by number of action, and where the process is killed. */
export interface Troubles {
  readonly faults: Readonly<Record<string, Fault>>
  /** Between a step's work and the journal; counts the moments before and after prepare, apply and undo. */
  readonly killedAt: number | undefined
}

export const NO_TROUBLE: Troubles = { faults: {}, killedAt: undefined }

export const FAULTS: readonly Fault[] = [
  ...(['fail-before', 'fail-after', 'timeout-after', 'unreachable', 'crash-before', 'crash-after'] as const),
]

/** Up to two faults among the first actions, and now and then a death between two of them. */
export const anyTroubles: fc.Arbitrary<Troubles> = fc.record({
  faults: fc.dictionary(fc.nat(30).map(String), fc.constantFrom(...FAULTS), { maxKeys: 2 }),
  killedAt: fc.option(fc.nat(40), { nil: undefined, freq: 2 }),
})

/** Lets a process do its work in these troubles; resolves with what it returned, or `killed`. */
export async function live<T>(
  machines: readonly MemoryMachine[],
  { faults, killedAt }: Troubles,
  work: (kinds: StepKinds) => Promise<T>,
): Promise<T | 'killed'> {
  const { promise: killed, resolve: kill } = Promise.withResolvers<'killed'>()
  let actions = 0
  for (const machine of machines) {
    machine.fault = () => faults[String(actions++)]
    machine.onCrash = () => kill('killed')
  }
  const result = await Promise.race([work(killable(killedAt, () => kill('killed'))), killed])
  for (const machine of machines) {
    machine.fault = () => undefined
    machine.dropLocks()
  }
  return result
}

/** The kinds of steps, in a process that is killed just before or just after one of their calls. */
function killable(at: number | undefined, kill: () => void): StepKinds {
  let moments = 0
  const moment = async () => {
    if (moments++ !== at) return
    kill()
    await new Promise(() => undefined)
  }
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    await moment()
    const result = await work()
    await moment()
    return result
  }
  const wrap = (kind: StepKind): StepKind => ({
    describe: (step) => kind.describe(step),
    prepare: (step, context) => counted(() => kind.prepare(step, context)),
    apply: (step, saved, context) => counted(() => kind.apply(step, saved, context)),
    undo: (step, saved, context, certainty) => counted(() => kind.undo(step, saved, context, certainty)),
  })
  return Object.fromEntries(
    Object.entries(stepKinds).map(([name, kind]) => [name, wrap(kind as StepKind)]),
  ) as unknown as StepKinds
}
