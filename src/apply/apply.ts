import { DomusError } from '../errors.ts'
import { movesInventory, type Plan } from '../plan/plan.ts'
import { loadRevision } from '../store/inventory.ts'
import { beginOperation } from '../store/journal.ts'
import type { JournalMark } from '../store/operations.ts'
import { type ApplyContext, ownerOf } from './context.ts'
import { doStep } from './do-step.ts'
import { isPastReturn } from './forward.ts'
import { openRun } from './operation-run.ts'
import { failed, type Outcome, succeeded, unfinished } from './outcome.ts'
import { undoSteps } from './undo.ts'

/** Who asks, and what nobody else may work on meanwhile, such as `domain/web1`. */
export interface ApplyRequest {
  readonly who: string
  readonly subjects: readonly string[]
  /** How far the journal was before the plan's facts were gathered: work on its subjects since makes it stale. */
  readonly since?: JournalMark
  /** Called once the plan is journaled, before its first step. */
  onBegun?(operation: number): void
}

/**
 * Carries out a plan, journaling every step; when one fails, undoes those before it, last first.
 *
 * A step that fails is an outcome, not an error.
 *
 * @throws DomusError before anything began: 'refused' when a fact of the plan is unknown, 'stale-plan' when the
 *   inventory has changed or a subject was worked on since, 'busy' when one is being worked on; 'internal' when the
 *   journal cannot be written
 */
export async function applyPlan(plan: Plan, request: ApplyRequest, context: ApplyContext): Promise<Outcome> {
  refuseUnknown(plan)
  await refuseStale(plan, context)
  if (plan.steps.length === 0) return { outcome: 'done', steps: [], warnings: [], notes: [], lookAt: [] }
  const { who, subjects, since } = request
  const at = context.now().toISOString()
  const owner = ownerOf(context)
  const operation = await beginOperation(context.store, { plan, who, subjects, since, owner, at })
  request.onBegun?.(operation)
  const run = openRun(context, operation, plan)
  for (const position of plan.steps.keys()) {
    try {
      await doStep(run, position)
    } catch (cause) {
      const fault = { position, cause }
      return isPastReturn(run) ? unfinished(run, fault) : failed(run, await undoSteps(run), fault)
    }
  }
  return succeeded(run)
}

function refuseUnknown({ facts, title }: Plan): void {
  if (facts === 'known') return
  throw new DomusError(
    'refused',
    `${title}: not everything it depends on could be looked at; nothing was changed`,
  )
}

// Each record step checks it again; this is to find out before anything is changed.
async function refuseStale({ steps, title }: Plan, { store }: ApplyContext): Promise<void> {
  const first = steps.find((step) => step.kind === 'record' && step.changes.some(movesInventory))
  if (first?.kind !== 'record') return
  const now = await loadRevision(store)
  if (now === first.revision) return
  throw new DomusError(
    'stale-plan',
    `${title}: the inventory has changed since this was planned (revision ${first.revision}, now ${now}); plan again`,
  )
}
