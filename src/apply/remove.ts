import { reload, restoreFile, type SavedFile, saveFile } from './restore-file.ts'
import type { StepKind, StepOf } from './step.ts'

/** Removes a file and tells those who read it. */
export const removeStep: StepKind<StepOf<'remove'>, SavedFile> = {
  describe: ({ path, on }) => `remove ${path} on ${on}`,
  async prepare(step, { machines }) {
    const saved = await saveFile(machines(step.machine), step)
    return { ...saved, missingFolders: [] } // it makes none
  },
  async apply(step, { file }, { machines }) {
    if (file === undefined) return 'unchanged'
    const machine = machines(step.machine)
    await machine.removeFile(step.path)
    await reload(machine, step)
    return 'changed'
  },
  undo: (step, saved, { machines }) => restoreFile(machines(step.machine), step, saved, undefined),
}
