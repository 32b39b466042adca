import type { Owner } from '../store/operations.ts'
import { isOwnerAlive, processOwner } from './owner.ts'
import type { StepContext } from './step.ts'
import type { StepKinds } from './steps.ts'

/** What is being done, told at the beginning and the end of each step, and of what it does meanwhile. */
export interface Progress {
  readonly phase: 'do' | 'undo'
  readonly state: 'begin' | 'note' | 'end'
  /** Place of the step in the plan, from 0, and how many there are. */
  readonly position: number
  readonly count: number
  /** The step, or for a note what it does now. */
  readonly text: string
  /** Since the step began. */
  readonly elapsedMs: number
}

/** What plans are carried out with; the rest of StepContext is made for each operation. */
export interface ApplyContext extends Pick<StepContext, 'machines' | 'store' | 'toolstack' | 'now'> {
  onProgress?(progress: Progress): void
  /** This process, when absent. */
  readonly owner?: Owner
  /** Asks the kernel of this machine, when absent. */
  isOwnerAlive?(owner: Owner): boolean
  /** The table of steps.ts, when absent. */
  readonly kinds?: StepKinds
}

export const ownerOf = (context: ApplyContext): Owner => context.owner ?? processOwner()

export const isAlive = (context: ApplyContext, owner: Owner): boolean =>
  (context.isOwnerAlive ?? isOwnerAlive)(owner)
