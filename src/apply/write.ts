import { reload, restoreFile, type SavedFile, saveFile } from './restore-file.ts'
import type { StepKind, StepOf } from './step.ts'

/** Writes a whole file and tells its readers; the owner of a file that is there stays. */
export const writeStep: StepKind<StepOf<'write'>, SavedFile> = {
  describe: ({ path, on }) => `write ${path} on ${on}`,
  prepare: (step, { machines }) => saveFile(machines(step.machine), step),
  async apply(step, { file }, { machines }) {
    const { path, content, mode } = step
    if (file?.content === content && file.mode === mode) return 'unchanged'
    const machine = machines(step.machine)
    await machine.writeFile(path, { content, mode })
    await reload(machine, step)
    return 'changed'
  },
  undo: (step, saved, { machines }) => restoreFile(machines(step.machine), step, saved, step.content),
}
