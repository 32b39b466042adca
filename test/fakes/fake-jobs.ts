import { DomusError } from '../../src/errors.ts'
import type { Inventory } from '../../src/model/inventory.ts'
import type { PlanView } from '../../src/plan/view.ts'
import { requireExpected } from '../../src/service/etag.ts'
import type {
  BootEvent,
  ChangeRequest,
  Jobs,
  OperationSummary,
  OperationView,
  ResourceView,
  RunEvents,
  VerifyView,
} from '../../src/service/jobs.ts'
import { inventoryOf } from '../builders/site.ts'

/** How a run of {@link FakeJobs} goes. */
export interface Script {
  /** Thrown before it begins. */
  readonly refuse?: Error
  /** Does not begin: there is nothing to do. */
  readonly idle?: boolean
  readonly lines?: readonly string[]
  /** Awaited between the first line and the others. */
  readonly hold?: Promise<unknown>
  /** Thrown after it began. */
  readonly fail?: Error
  readonly view?: Partial<OperationView>
}

/** Jobs over an inventory in memory: looks are answered, changes are noted and go as `script` says. */
export class FakeJobs implements Jobs {
  readonly site: Inventory
  readonly asked: {
    readonly what: 'plan' | 'run'
    readonly request: ChangeRequest
    readonly who?: string
  }[] = []
  readonly log: OperationSummary[] = []
  script: Script = {}
  isClosed = false

  constructor(site: Inventory = inventoryOf()) {
    this.site = site
  }

  async plan(request: ChangeRequest): Promise<PlanView> {
    this.asked.push({ what: 'plan', request })
    if (this.script.refuse) throw this.script.refuse
    return planOf(request)
  }

  async run(request: ChangeRequest, events: RunEvents = {}): Promise<OperationView> {
    this.asked.push({ what: 'run', request, ...(events.who !== undefined && { who: events.who }) })
    const { refuse, idle, lines = [], hold, fail, view } = this.script
    if (refuse) throw refuse
    if ('expect' in request) requireExpected(this.site, request.expect)
    if (idle) return outcomeOf(planOf(request), { operation: '', changes: 0, steps: [] })
    const id = String(this.log.length + 1)
    this.log.unshift(summaryOf(id, events.who ?? 'tester', 'running'))
    events.begun?.(id)
    for (const [index, line] of lines.entries()) {
      events.step?.(line)
      if (index === 0) await hold
    }
    if (lines.length === 0) await hold
    this.log[0] = summaryOf(id, events.who ?? 'tester', fail ? 'rolled-back' : 'done')
    if (fail) throw fail
    return outcomeOf(planOf(request), { operation: id, ...view })
  }

  inventory = async () => this.site

  async list(noun: ResourceView['noun']): Promise<readonly ResourceView[]> {
    return [...this.site[noun].values()].map((spec) => ({
      noun,
      name: spec.name,
      spec,
      ...(noun === 'domains' && { state: 'stopped' }),
    }))
  }

  operations = async () => this.log

  async operation(id: string): Promise<OperationSummary> {
    const found = this.log.find((one) => one.id === id)
    if (found) return found
    throw new DomusError('not-found', `no operation ${id}`)
  }

  settle = (id: string) => this.operation(id)

  async timeline(name: string): Promise<readonly BootEvent[]> {
    return [{ boot: 'b1', stage: 'dhcp', at: '2026-11-23T06:00:00.000Z', detail: `OFFER to ${name}` }]
  }

  async verify(names: readonly string[] | 'all', { probe = false } = {}): Promise<readonly VerifyView[]> {
    const all = names === 'all' ? [...this.site.domains.keys()] : names
    return all.map((domain) => ({
      domain,
      ok: !probe,
      links: [{ link: 'dhcp', status: probe ? 'fail' : 'ok', detail: 'as asked' }],
    }))
  }

  async close() {
    this.isClosed = true
  }
}

const planOf = (request: ChangeRequest): PlanView => ({
  title: `${request.kind} as asked`,
  facts: 'known',
  changes: 1,
  steps: [{ kind: 'write', machine: 'local', on: 'h1', path: '/etc/xen/menas.cfg', diff: '+a\n' }],
  warnings: [],
})

const outcomeOf = (plan: PlanView, more: Partial<OperationView> & { operation: string }): OperationView => ({
  ...plan,
  outcome: 'done',
  ...more,
  steps: more.steps ?? plan.steps.map((step) => ({ ...step, result: 'changed' })),
})

const summaryOf = (id: string, who: string, state: string): OperationSummary => ({
  id,
  title: `operation ${id}`,
  state,
  who,
  started: '2026-11-23T06:00:00.000Z',
  ...(state !== 'running' && { finished: '2026-11-23T06:00:01.000Z' }),
  steps: [{ step: 'write h1:/etc/xen/menas.cfg', state: state === 'running' ? 'doing' : 'done' }],
})
