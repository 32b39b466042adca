import { shellLine } from '../machine/shell-quote.ts'
import { runOrThrow } from './run-or-throw.ts'
import type { StepKind, StepOf } from './step.ts'

/** Runs a command. One without `undo` leaves nothing that has to be put back. */
export const runStep: StepKind<StepOf<'run'>, null> = {
  describe: ({ argv, on }) => `run ${shellLine(argv)} on ${on}`,
  prepare: async () => null,
  async apply({ machine, argv, timeoutMs }, _saved, { machines }) {
    await runOrThrow(machines(machine), argv, timeoutMs === undefined ? {} : { timeoutMs })
    return 'changed'
  },
  async undo({ machine, argv, undo, timeoutMs }, _saved, { machines, warn }, certainty) {
    if (undo === undefined) return
    const options = timeoutMs === undefined ? {} : { timeoutMs }
    if (certainty === 'done') {
      await runOrThrow(machines(machine), undo, options)
      return
    }
    // Perhaps there is nothing to undo, and then it fails: try, but expect nothing.
    const { exitCode, stderr } = await machines(machine).run(undo, options)
    if (exitCode === 0) return
    warn(
      `${shellLine(argv)} may have done a part of its work on ${machine}; its undo, ${shellLine(undo)}, failed with exit code ${exitCode}: ${stderr.trim()}`,
    )
  },
}
