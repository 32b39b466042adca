import type { Name } from '../model/grammar.ts'
import { guestOf } from '../model/inventory.ts'
import { planFence } from '../plan/fence.ts'
import { planDestroy, planReboot, planStart, planStop } from '../plan/lifecycle.ts'
import type { Planned } from '../plan/site.ts'
import { gatherFacts } from './facts.ts'
import type { ChangeRequest } from './jobs.ts'
import { planMove, planRepairOf } from './migrate.ts'
import { type Moment, type PlannedChange, withChecks } from './planned-change.ts'
import { find } from './render.ts'
import { checkStarts, forcedTitle } from './start-checks.ts'

// Changes of one domain on its host, with the inventory as it is.

/** A domain is started, stopped, rebooted or destroyed. @throws DomusError 'not-found' */
export async function planLifecycle(
  { app, current, revision, claims, fences, since }: Moment,
  request: ChangeRequest & { kind: 'start' | 'stop' | 'reboot' | 'destroy' },
): Promise<PlannedChange> {
  const { kind, name } = request
  const guest = guestOf(current, find(current, 'domains', name))
  const scope = new Set([name])
  const facts = await gatherFacts(app, { current, wanted: current, scope, claims, fences, exports: false })
  const planners = { start: planStart, stop: planStop, reboot: planReboot, destroy: planDestroy }
  const planned = planners[kind](guest, { facts, revision, now: app.now().toISOString() })
  const change = alone(name, planned, since)
  if (request.kind !== 'start') return change
  const title = forcedTitle(change.plan.title, request.force)
  const links = await checkStarts(app, current, [guest], {
    claims: { kind: 'known', value: claims.values() },
    fences,
    force: request.force ?? [],
    isNew: false,
  })
  return withChecks({ ...change, plan: { ...change.plan, title }, starts: [guest] }, links)
}

/** A domain goes to another host. */
export const planMigration = async (moment: Moment, request: ChangeRequest & { kind: 'migrate' }) =>
  alone(request.name, await planMove(moment, request), moment.since)

/** What a broken migration has left is put right. */
export const planRepair = async (moment: Moment, { name }: ChangeRequest & { kind: 'repair' }) =>
  alone(name, await planRepairOf(moment, name), moment.since)

/** A domain's export is taken away until the fence is lifted. @throws DomusError 'not-found' */
export async function planFencing(
  { app, current, revision, claims, fences, since }: Moment,
  { name, lift = false }: ChangeRequest & { kind: 'fence' },
): Promise<PlannedChange> {
  find(current, 'domains', name)
  const scope = new Set([name])
  const sight = { current, wanted: current, scope, claims, fences, exports: true }
  const facts = await gatherFacts(app, sight)
  const planned = planFence({
    inventory: current,
    name,
    lift,
    facts,
    revision,
    now: app.now().toISOString(),
    templates: app.templates,
    isolation: app.isolation,
  })
  return { ...planned, subjects: ['site', `domain/${name}`], since, starts: [] }
}

/** A change of one domain and nothing else. */
const alone = <P extends Planned>(name: Name, planned: P, since: Moment['since']) => ({
  ...planned,
  subjects: [`domain/${name}`],
  since,
  starts: [],
})
