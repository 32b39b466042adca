import { DomusError } from '../errors.ts'
import { listClaims } from '../store/claims.ts'
import { listFences } from '../store/fences.ts'
import { loadInventory } from '../store/inventory.ts'
import { loadJournalMark } from '../store/operations.ts'
import type { App } from './app.ts'
import { planFencing, planLifecycle, planMigration, planRepair } from './change-domain.ts'
import { planApply, planCreate, planDelete } from './change-inventory.ts'
import { requireExpected } from './etag.ts'
import type { ChangeRequest } from './jobs.ts'
import type { Moment, PlannedChange } from './planned-change.ts'

/** Turns what is asked for into a plan: load, check, gather facts, plan. Changes nothing. */
export async function planChange(app: App, request: ChangeRequest): Promise<PlannedChange> {
  const since = await loadJournalMark(app.store)
  const { inventory, revision, siteName } = await loadInventory(app.store, app.site)
  if ('expect' in request) requireExpected(inventory, request.expect)
  const claims = new Map((await listClaims(app.store)).map((claim) => [claim.domain, claim]))
  const fences = await listFences(app.store)
  const moment: Moment = { app, current: inventory, revision, siteName, claims, fences, since }
  switch (request.kind) {
    case 'apply':
      return planApply(moment, request)
    case 'create':
      return planCreate(moment, request)
    case 'delete':
      return planDelete(moment, request)
    case 'start':
    case 'stop':
    case 'reboot':
    case 'destroy':
      return planLifecycle(moment, request)
    case 'migrate':
      return planMigration(moment, request)
    case 'repair':
      return planRepair(moment, request)
    case 'fence':
      return planFencing(moment, request)
  }
}

/** @throws DomusError 'refused' when the plan must not, or cannot, be carried out */
export function requireSound({ plan, refusals, unknown }: PlannedChange): void {
  if (refusals.length > 0)
    throw new DomusError('refused', `${plan.title}: refused; nothing was changed`, { problems: refusals })
  if (plan.facts === 'known') return
  throw new DomusError(
    'unreachable',
    `${plan.title}: cannot look at everything it depends on; nothing was changed`,
    { problems: unknown },
  )
}
