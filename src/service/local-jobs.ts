import { DomusError } from '../errors.ts'
import { lastBoot, listBootEvents } from '../store/boot-events.ts'
import { listClaims } from '../store/claims.ts'
import { listFences } from '../store/fences.ts'
import { loadInventory } from '../store/inventory.ts'
import { getOperation, listOperations } from '../store/operations.ts'
import type { App } from './app.ts'
import type { Jobs } from './jobs.ts'
import { listResources } from './list.ts'
import { find } from './render.ts'
import { summaryOf } from './summary.ts'

/**
 * The jobs, done in this process. What a dead process left half done is put right first.
 *
 * Code is loaded when it is asked for: a command does one job, and loading them all takes longer than most of them.
 */
export async function localJobs(app: App): Promise<Jobs> {
  const begun = await listOperations(app.store, { state: 'running', limit: 1 })
  if (begun.length > 0) await (await import('./unfinished.ts')).recover(app)
  return {
    async plan(request) {
      const { planChange } = await import('./change.ts')
      const { viewPlan } = await import('../plan/view.ts')
      const { plan, refusals, preflight } = await planChange(app, request)
      return viewPlan(plan, refusals, preflight)
    },
    async run(request, events = {}) {
      const { runChange } = await import('./run-change.ts')
      return runChange(app, request, events)
    },
    inventory: async () => (await loadInventory(app.store, app.site)).inventory,
    list: (noun) => listResources(app, noun),
    operations: async () => (await listOperations(app.store)).map(summaryOf),
    operation: async (id) => summaryOf(await getOperation(app.store, idOf(id))),
    async settle(id, { dismiss = false, who = app.who } = {}) {
      const { dismissOperation, retryUndo } = await import('../apply/settle.ts')
      const { applyContext } = await import('./apply-context.ts')
      if (dismiss) await dismissOperation(applyContext(app), idOf(id), who)
      else await retryUndo(applyContext(app), idOf(id))
      return summaryOf(await getOperation(app.store, idOf(id)))
    },
    async timeline(name) {
      find((await loadInventory(app.store, app.site)).inventory, 'domains', name)
      const boot = await lastBoot(app.store, name)
      return boot === undefined ? [] : listBootEvents(app.store, name, { boot })
    },
    async verify(names, { probe = false } = {}) {
      const { verifyDomains } = await import('./verify.ts')
      const [{ inventory }, claims, fences] = await Promise.all([
        loadInventory(app.store, app.site),
        listClaims(app.store),
        listFences(app.store),
      ])
      return verifyDomains(app, inventory, names, {
        claims: { kind: 'known', value: claims },
        fences,
        mount: names !== 'all' || probe,
        probe,
      })
    },
    close: () => app.close(),
  }
}

function idOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new DomusError('not-found', `no operation ${text}: its id is a number`)
}
