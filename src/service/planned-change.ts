import type { Name } from '../model/grammar.ts'
import type { Guest, Inventory } from '../model/inventory.ts'
import type { Claim } from '../plan/facts.ts'
import type { Planned } from '../plan/site.ts'
import type { Preflight } from '../plan/view.ts'
import type { JournalMark } from '../store/operations.ts'
import type { App } from './app.ts'
import type { Checked } from './start-checks.ts'

/** A plan with what is locked while it is carried out. */
export interface PlannedChange extends Planned {
  /** What has one operation at a time: `site` for the inventory, `domain/NAME`. */
  readonly subjects: readonly string[]
  /** How far the journal was before the facts were gathered. */
  readonly since: JournalMark
  /** The guests that the plan starts. */
  readonly starts: readonly Guest[]
  /** What was checked before a guest moves. */
  readonly preflight?: Preflight
}

/** What is recorded when a change is planned. */
export interface Moment {
  readonly app: App
  readonly current: Inventory
  readonly revision: number
  readonly siteName: Name | undefined
  readonly claims: ReadonlyMap<Name, Claim>
  readonly fences: ReadonlyMap<Name, string>
  readonly since: JournalMark
}

/** A change with what its guests' own checks found. */
export const withChecks = <P extends PlannedChange>(change: P, { refusals, warnings }: Checked): P => ({
  ...change,
  plan: { ...change.plan, warnings: [...change.plan.warnings, ...warnings] },
  refusals: [...change.refusals, ...refusals],
})
