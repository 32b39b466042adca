import { DomusError } from '../errors.ts'
import { shellLine } from '../machine/shell-quote.ts'
import { domainsOn, untilGone } from './domains-on.ts'
import type { StepKind, StepOf } from './step.ts'

/** Ends a domU and waits until its host has let go of it. What it held in memory cannot be put back. */
export const stopStep: StepKind<StepOf<'stop'>, null> = {
  describe: ({ domain, on }) => `stop domain ${domain} on ${on}`,
  prepare: async () => null,
  async apply(step, _saved, context) {
    const isIt = ({ name }: { name: string }) => name === step.domain
    if (!(await domainsOn(step, context)).some(isIt)) return 'unchanged'
    const { exitCode, stderr } = await context.machines(step.machine).run(step.argv)
    const isGone = exitCode !== 0 && !(await domainsOn(step, context)).some(isIt)
    if (exitCode !== 0 && !isGone) {
      const message = `${shellLine(step.argv)} on ${step.on} failed with exit code ${exitCode}: ${stderr.trim()}`
      throw new DomusError('command-failed', message)
    }
    await untilGone(step, isIt, context, step.timeoutMs)
    return 'changed'
  },
  async undo(step, _saved, { warn }, certainty) {
    const what = certainty === 'done' ? 'was stopped and stays so' : 'may have been told to stop'
    warn(`domain ${step.domain} on ${step.on} ${what}: a stop cannot be undone`)
  },
}
