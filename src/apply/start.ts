import { DomusError } from '../errors.ts'
import { domainsOn, untilGone } from './domains-on.ts'
import { runOrThrow } from './run-or-throw.ts'
import type { StepKind, StepOf } from './step.ts'

const CREATE_TIMEOUT_MS = 300_000
const DESTROY_TIMEOUT_MS = 30_000

/**
 * Creates a domU. Its undo destroys whatever has its uuid: there was none before, or the step is refused.
 *
 * A create that failed, or was cut off, may leave a paused or half-made domain.
 */
export const startStep: StepKind<StepOf<'start'>, null> = {
  describe: ({ domain, on }) => `start domain ${domain} on ${on}`,
  async prepare(step, context) {
    const other = (await domainsOn(step, context)).find(
      ({ name, uuid }) => name === step.domain || uuid === step.uuid,
    )
    if (other === undefined) return null
    const { name, domid, uuid, state } = other
    throw new DomusError(
      'conflict',
      `there is already a domain ${name} on ${step.on}: number ${domid}, uuid ${uuid}, ${state}; it was not touched`,
    )
  },
  async apply({ machine, argv }, _saved, { machines }) {
    await runOrThrow(machines(machine), argv, { timeoutMs: CREATE_TIMEOUT_MS })
    return 'changed'
  },
  async undo(step, _saved, context) {
    const isOurs = ({ uuid }: { uuid: string | undefined }) => uuid === step.uuid
    for (const { domid } of (await domainsOn(step, context)).filter(isOurs)) {
      // Its exit code says less than a look: the domain may have ended by itself just now.
      await context.machines(step.machine).run(context.toolstack.destroyArgv(String(domid)))
    }
    await untilGone(step, isOurs, context, DESTROY_TIMEOUT_MS)
  },
}
