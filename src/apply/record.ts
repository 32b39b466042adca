import { recordChanges, unrecordChanges } from '../store/record.ts'
import type { StepKind, StepOf } from './step.ts'

/** Writes rows of the store, all or none. */
export const recordStep: StepKind<StepOf<'record'>, null> = {
  describe: ({ changes }) => `record ${changes.map(({ noun, name }) => `${noun}/${name}`).join(', ')}`,
  prepare: async () => null,
  async apply({ changes, revision }, _saved, { store, now }) {
    await recordChanges(store, changes, { revision, at: now().toISOString() })
    return 'changed'
  },
  undo: ({ changes }, _saved, { store, now }) => unrecordChanges(store, changes, now().toISOString()),
}
