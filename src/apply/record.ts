import { randomUUID } from 'node:crypto'
import { recordChanges, unrecordChanges } from '../store/record.ts'
import type { StepKind, StepOf } from './step.ts'

interface Saved {
  /** Written with the rows: whether they were ever written is a fact, not to be guessed from how they look now. */
  readonly mark: string
}

/** Writes rows of the store, all or none. */
export const recordStep: StepKind<StepOf<'record'>, Saved> = {
  describe: ({ changes }) => `record ${changes.map(({ noun, name }) => `${noun}/${name}`).join(', ')}`,
  prepare: async () => ({ mark: randomUUID() }),
  async apply({ changes, revision }, { mark }, { store, now }) {
    await recordChanges(store, changes, { revision, at: now().toISOString(), mark })
    return 'changed'
  },
  undo: ({ changes }, { mark }, { store, now }) =>
    unrecordChanges(store, changes, { at: now().toISOString(), mark }),
}
