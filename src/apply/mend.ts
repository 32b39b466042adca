import { DomusError } from '../errors.ts'
import { type Copy, copiesOn, describeCopies } from '../migration/copies.ts'
import { domainsOn, untilGone } from './domains-on.ts'
import { runOrThrow } from './run-or-throw.ts'
import type { StepContext, StepKind, StepOf } from './step.ts'

const DESTROY_TIMEOUT_MS = 60_000

type MendStep = StepOf<'mend'>

/**
 * Does one thing to one copy of a guest. It looks at all hosts right before: what would make a copy run is refused when
 * another one runs, and a copy that is not as it was planned is not touched. It cannot be undone; a new repair goes on
 * from what there is.
 */
export const mendStep: StepKind<MendStep, null> = {
  describe: ({ action, name, domid, on }) => `${action} ${name} (domain ${domid}) on ${on}`,
  async prepare(step, context) {
    requirePlanned(step, await copiesOf(step, context))
    return null
  },
  async apply(step, _saved, context) {
    const copies = await copiesOf(step, context)
    requirePlanned(step, copies)
    if (step.action === 'unpause' || step.action === 'resume') requireAlone(step, copies)
    const machine = context.machines(step.machine)
    if (step.action !== 'destroy') await runOrThrow(machine, step.argv)
    // Its exit code says less than a look: the copy may have ended by itself just now.
    else await machine.run(step.argv, { timeoutMs: DESTROY_TIMEOUT_MS })
    await look(step, context)
    return 'changed'
  },
  async undo(step, _saved, context) {
    const copy = theOne(step, await copiesOf(step, context))
    if (copy?.name === step.name && copy.condition === step.condition) return
    throw new DomusError(
      'conflict',
      `to ${step.action} a copy cannot be undone; run domus repair ${step.domain} again`,
    )
  },
}

async function copiesOf({ hosts, ...sought }: MendStep, context: StepContext): Promise<Copy[]> {
  const found = await Promise.all(
    hosts.map(async (host) => copiesOn(host.on, await domainsOn(host, context), sought, context.toolstack)),
  )
  return found.flat()
}

const theOne = ({ on, domid }: MendStep, copies: readonly Copy[]) =>
  copies.find((copy) => copy.host === on && copy.domid === domid)

function requirePlanned(step: MendStep, copies: readonly Copy[]): void {
  const copy = theOne(step, copies)
  // An earlier step of the same plan may have given it its name back.
  const isNamed = copy?.name === step.name || copy?.name === step.domain
  if (copy !== undefined && isNamed && copy.condition === step.condition) return
  throw new DomusError(
    'stale-plan',
    `${step.name} (domain ${step.domid} on ${step.on}) is not ${step.condition} any more: ${describeCopies(copies)}; plan again`,
  )
}

function requireAlone(step: MendStep, copies: readonly Copy[]): void {
  const other = copies.find((copy) => copy.condition === 'running' && copy !== theOne(step, copies))
  if (other === undefined) return
  throw new DomusError(
    'conflict',
    `${other.name} (domain ${other.domid}) runs on ${other.host}: two copies would write one root`,
  )
}

/** @throws DomusError 'command-failed' when the copy is not as it should be now */
async function look(step: MendStep, context: StepContext): Promise<void> {
  if (step.action === 'destroy') {
    await untilGone(step, ({ domid }) => domid === step.domid, context, DESTROY_TIMEOUT_MS)
    return
  }
  const copies = await copiesOf(step, context)
  const copy = theOne(step, copies)
  const isRight = step.action === 'rename' ? copy?.name === step.domain : copy?.condition === 'running'
  if (isRight) return
  throw new DomusError('command-failed', `after ${step.action}: ${describeCopies(copies)}`)
}
