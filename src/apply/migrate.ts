import { DomusError } from '../errors.ts'
import { domainsOn } from './domains-on.ts'
import { runOrThrow } from './run-or-throw.ts'
import type { StepKind, StepOf } from './step.ts'

const MIGRATE_TIMEOUT_MS = 4 * 60 * 60_000

/** Moves a running domU. It is never moved back: when it is not where it was, a person has to look. */
export const migrateStep: StepKind<StepOf<'migrate'>, null> = {
  describe: ({ domain, on, to }) => `migrate domain ${domain} from ${on} to ${to.on}`,
  prepare: async () => null,
  async apply({ machine, argv }, _saved, { machines }) {
    await runOrThrow(machines(machine), argv, { timeoutMs: MIGRATE_TIMEOUT_MS })
    return 'changed'
  },
  async undo(step, _saved, context) {
    const [here, there] = await Promise.all([domainsOn(step, context), domainsOn(step.to, context)])
    const hasIt = ({ uuid, name }: { uuid: string | undefined; name: string }) =>
      uuid === step.uuid || name === step.domain
    if (here.some(hasIt) && !there.some(hasIt)) return
    const place = there.some(hasIt)
      ? here.some(hasIt)
        ? `${step.on} and ${step.to.on}`
        : step.to.on
      : 'neither host'
    throw new DomusError('conflict', `domain ${step.domain} is on ${place} now, not on ${step.on} alone`)
  },
}
