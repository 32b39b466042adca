import { isDeepStrictEqual } from 'node:util'
import type { Domain } from '../model/domain.ts'
import type { Name } from '../model/grammar.ts'
import { type Guest, guestOf, type Inventory, NOUNS } from '../model/inventory.ts'
import { listed, type Problem, unique } from '../model/problem.ts'
import type { Templates } from '../render/templates.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import { linkAutostart, unlinkAutostart } from './autostart.ts'
import { planExports } from './exports.ts'
import { copiesOf, fileFact, kernelPlace, type SiteFacts } from './facts.ts'
import { OUR_MARK, type Plan, type ResourceChange, type Step } from './plan.ts'

export interface SiteChange {
  readonly title: string
  readonly current: Inventory
  /** The revision of `current`; apply refuses when the store has moved on. */
  readonly revision: number
  /** The name of the site as recorded; absent while nothing is. */
  readonly siteName?: Name | undefined
  readonly wanted: Inventory
  /** What differs between the two, where that was looked for already. */
  readonly changes?: readonly ResourceChange[]
  readonly facts: SiteFacts
  /** The domains whose configs were looked at; all when absent. */
  readonly scope?: ReadonlySet<Name>
  readonly templates: Templates
  readonly exports: { readonly drift?: 'adopt' | 'overwrite'; readonly isolation: 'warn' | 'refuse' }
}

export interface Planned {
  readonly plan: Plan
  /** Why it must not be carried out; empty when it may. */
  readonly refusals: readonly Problem[]
  /** Why its facts are unknown, one line each. */
  readonly unknown: readonly Problem[]
}

/**
 * Plans the way from one inventory to another: exports first, so that no guest starts without its root, then
 * configs, then what goes, then the record.
 *
 * What is on the machines already as it should be is not in the plan.
 */
export function planSite(change: SiteChange): Planned {
  const exported = planExports(change)
  const inScope = ({ name }: Domain) => change.scope?.has(name) !== false
  const configs = [...change.wanted.domains.values()]
    .filter(inScope)
    .map((domain) => planConfig(change, domain))
  const gone = [...change.current.domains.values()]
    .filter(inScope)
    .map((domain) => planRemoval(change, domain))
  const parts = [exported, ...configs, ...gone, { ...NOTHING, refusals: movedMachines(change) }]
  const unknown = unique([...change.facts.unknown, ...exported.unknown])
  const steps = [...parts.flatMap((part) => part.steps), ...planRecord(change)]
  return {
    plan: {
      title: change.title,
      steps,
      warnings: parts.flatMap((part) => part.warnings),
      facts: unknown.length === 0 ? 'known' : 'unknown',
    },
    refusals: parts.flatMap((part) => part.refusals),
    unknown,
  }
}

/** What one part of a plan comes to. */
export interface PlanPart {
  readonly steps: readonly Step[]
  readonly warnings: readonly Problem[]
  readonly refusals: readonly Problem[]
}

const NOTHING: PlanPart = { steps: [], warnings: [], refusals: [] }

function planConfig({ current, wanted, facts, templates }: SiteChange, domain: Domain): PlanPart {
  const guest = guestOf(wanted, domain)
  const { host } = guest
  const toolstack = toolstacks[host.toolstack]
  const path = toolstack.configPath(domain.name)
  const before = fileFact(facts, host.machine, path)
  const content = toolstack.render(guest, templates, facts.readers?.get(kernelPlace(guest)))
  const isNew = !current.domains.has(domain.name)
  if (isNew && before.kind === 'file' && !before.content.startsWith(OUR_MARK))
    return {
      ...NOTHING,
      refusals: [
        {
          path: `domains/${domain.name}`,
          message: `${host.name}:${path} is there already and is not ours; move it away, or name the domain otherwise`,
        },
      ],
    }
  const old = current.domains.get(domain.name)
  const autostart = planAutostart(guest, old)
  if (before.kind === 'file' && before.content === content) return { ...NOTHING, steps: autostart }
  const isRunning = facts.hosts.get(host.name)?.running?.has(domain.name) === true
  return {
    steps: [
      { kind: 'write', on: host.name, machine: host.machine, path, content, mode: 0o644, before },
      ...autostart,
    ],
    warnings: isRunning
      ? [
          {
            path: `domains/${domain.name}`,
            message: `runs on ${host.name}; the change takes effect when it is started next`,
          },
        ]
      : [],
    refusals: [],
  }
}

function planAutostart({ domain, host }: Guest, old: Domain | undefined): Step[] {
  if (domain.autostart === (old?.autostart ?? false) && old?.host === domain.host) return []
  if (domain.autostart) return linkAutostart(host, domain.name)
  return old?.autostart && old.host === domain.host ? [unlinkAutostart(host, domain.name)] : []
}

/** A host that becomes another machine would leave its guests running where nobody asks any more. */
function movedMachines({ current, wanted, facts: { claims } }: SiteChange): Problem[] {
  return [...current.hosts.values()].flatMap(({ name, machine, toolstack }) => {
    const now = wanted.hosts.get(name)
    if (now === undefined || (now.machine === machine && now.toolstack === toolstack)) return []
    const holders = [...claims.values()].filter(({ host }) => host === name).map(({ domain }) => domain)
    if (holders.length === 0) return []
    const message = `${listed(holders)} started on ${machine} and may run there still: stop them first, or give the new machine a name of its own`
    return [{ path: `hosts/${name}/machine`, message }]
  })
}

/** What goes from the host a domain was on: all of it when the domain goes, its config when it moves. */
function planRemoval({ current, wanted, facts }: SiteChange, domain: Domain): PlanPart {
  const now = wanted.domains.get(domain.name)
  if (now && now.host === domain.host) return NOTHING
  const { host } = guestOf(current, domain)
  const toolstack = toolstacks[host.toolstack]
  const [running] = copiesOf(domain, facts).filter(
    (one) => one.host === host.name || (now === undefined && one.uuid === domain.uuid),
  )
  if (running !== undefined) {
    const way = now
      ? `move it with domus migrate ${domain.name} ${now.host}`
      : running.host === host.name
        ? `stop it first: domus stop ${domain.name}`
        : `it is recorded on ${host.name}: let the record follow it with domus repair ${domain.name}, then stop it`
    return {
      ...NOTHING,
      refusals: [
        {
          path: `domains/${domain.name}`,
          message: `runs on ${running.host} as domain ${running.domid}; ${way}`,
        },
      ],
    }
  }
  const next = now && wanted.hosts.get(now.host)
  // A host under another name: what was its config is the new one's.
  if (next?.machine === host.machine && next.toolstack === host.toolstack) return NOTHING
  const path = toolstack.configPath(domain.name)
  const before = fileFact(facts, host.machine, path)
  const autostart = domain.autostart ? [unlinkAutostart(host, domain.name)] : []
  if (before.kind === 'absent') return { ...NOTHING, steps: autostart }
  if (before.kind === 'file' && !before.content.startsWith(OUR_MARK))
    return {
      ...NOTHING,
      steps: autostart,
      warnings: [
        { path: `domains/${domain.name}`, message: `${host.name}:${path} is not ours any more and stays` },
      ],
    }
  return {
    ...NOTHING,
    steps: [...autostart, { kind: 'remove', on: host.name, machine: host.machine, path, before }],
  }
}

/** What differs between two inventories, noun by noun. */
export function changesBetween(current: Inventory, wanted: Inventory): ResourceChange[] {
  return NOUNS.flatMap((noun) => {
    const names = new Set<Name>([...current[noun].keys(), ...wanted[noun].keys()])
    return [...names].flatMap((name): ResourceChange[] => {
      const [before, after] = [current[noun].get(name), wanted[noun].get(name)]
      if (isDeepStrictEqual(before, after)) return []
      return [{ noun, name, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }]
    })
  })
}

function planRecord(change: SiteChange): Step[] {
  const { current, wanted, revision, facts, siteName } = change
  const { changes = changesBetween(current, wanted) } = change
  const releases = [...current.domains.keys()].flatMap((name): ResourceChange[] => {
    const claim = wanted.domains.has(name) ? undefined : facts.claims.get(name)
    return claim === undefined ? [] : [{ noun: 'claims', name: claim.root, before: claim }]
  })
  const unfenced = [...(facts.fences ?? [])].flatMap(([name, since]): ResourceChange[] =>
    wanted.domains.has(name) ? [] : [{ noun: 'fences', name, before: since }],
  )
  const renamed: ResourceChange = {
    noun: 'site',
    name: 'site',
    ...(siteName !== undefined && { before: siteName }),
    after: wanted.site,
  }
  const isNamed = changes.length === 0 || siteName === wanted.site
  const all = [...changes, ...releases, ...unfenced, ...(isNamed ? [] : [renamed])]
  return all.length === 0 ? [] : [{ kind: 'record', machine: 'local', revision, changes: all }]
}
