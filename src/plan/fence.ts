import type { Ipv4, Name } from '../model/grammar.ts'
import { type Guest, guestOf, type Inventory, isWritable, rootOf } from '../model/inventory.ts'
import { type Problem, unique } from '../model/problem.ts'
import { keyOf } from '../nfs/entries.ts'
import type { Templates } from '../render/templates.ts'
import { planExports } from './exports.ts'
import { copiesOf, type SiteFacts } from './facts.ts'
import { claiming } from './lifecycle.ts'
import type { ResourceChange, Step } from './plan.ts'
import type { Planned, SiteChange } from './site.ts'

export interface FenceChange {
  readonly inventory: Inventory
  readonly name: Name
  /** Takes the fence down again. */
  readonly lift: boolean
  readonly facts: SiteFacts
  /** The revision of the inventory. */
  readonly revision: number
  /** Now, ISO 8601. */
  readonly now: string
  readonly templates: Templates
  readonly isolation: 'warn' | 'refuse'
}

/**
 * Cuts a domain off from its root, running or not: its export goes, no apply brings it back, and it gives up its
 * claim. Lifting the fence exports the root again, and gives the claim back to a guest that still runs.
 */
export function planFence(change: FenceChange): Planned {
  const { inventory, name, lift, facts, templates, isolation, revision } = change
  const domain = inventory.domains.get(name)
  if (domain === undefined) throw new Error(`no domain ${name} in the inventory`)
  const guest = guestOf(inventory, domain)
  const since = facts.fences?.get(name)
  const fences = new Map(facts.fences)
  if (lift) fences.delete(name)
  else fences.set(name, since ?? change.now)
  const site = {
    title: '',
    current: inventory,
    wanted: inventory,
    revision,
    facts: { ...facts, fences },
    templates,
    exports: { isolation },
  }
  const exported = lift ? planExports(site) : planCut(site, guest)
  const changes = recordChanges(change, guest)
  const steps: Step[] = [
    ...exported.steps,
    ...(changes.length === 0
      ? []
      : [{ kind: 'record' as const, machine: 'local' as const, revision, changes }]),
  ]
  // A fence is for the day on which a host does not answer any more; it is lifted when all of them say what they run.
  const unknown = unique([...(lift ? facts.unknown : []), ...exported.unknown])
  const root = rootOf(guest)
  return {
    plan: {
      title: lift
        ? `lift the fence of domain ${name}: export ${root} to it again`
        : `fence domain ${name}: end its export of ${root}`,
      steps,
      warnings: [...exported.warnings, ...(lift ? [] : [...runningWarnings(guest, facts), ...facts.unknown])],
      facts: unknown.length === 0 ? 'known' : 'unknown',
    },
    refusals: [...exported.refusals, ...(lift ? twice(guest, facts) : byHand(guest))],
    unknown,
  }
}

/** The end of one export; who runs anywhere matters only to the other exports that would go with it. */
function planCut(site: SiteChange, { domain, server }: Guest): ReturnType<typeof planExports> {
  const strict = planExports(site, server.name)
  const seen = site.facts.servers.get(server.name)
  if (seen?.running.kind !== 'unknown') return strict
  const servers = new Map([[server.name, { ...seen, running: NOBODY }]])
  const cut = planExports({ ...site, facts: { ...site.facts, servers } }, server.name)
  const isItsOwn = cut.steps.every((step) => step.kind === 'export' && onlyLoses(step, domain.address))
  return isItsOwn ? cut : strict
}

const NOBODY = { kind: 'known', value: new Set<Ipv4>() } as const

const onlyLoses = ({ before, after }: Step & { kind: 'export' }, address: Ipv4) => {
  const kept = new Set(after.map(keyOf))
  return before.every((entry) => entry.client === address || kept.has(keyOf(entry)))
}

function recordChanges({ name, lift, facts, now }: FenceChange, guest: Guest): ResourceChange[] {
  const since = facts.fences?.get(name)
  const claim = facts.claims.get(name)
  if (lift && since === undefined) return []
  if (lift) {
    const isTaken = [...facts.claims.values()].some(({ root }) => root === rootOf(guest))
    const claims = isWritable(guest.image) && !isTaken && runsAtHome(guest, facts)
    return [{ noun: 'fences', name, before: since }, ...(claims ? [claiming(guest, now)] : [])]
  }
  return [
    ...(since === undefined ? [{ noun: 'fences' as const, name, after: now }] : []),
    ...(claim === undefined ? [] : [{ noun: 'claims' as const, name: claim.root, before: claim }]),
  ]
}

const runsAtHome = ({ domain, host }: Guest, { hosts }: SiteFacts) =>
  hosts.get(host.name)?.running?.get(domain.name)?.uuid === domain.uuid

function runningWarnings(guest: Guest, facts: SiteFacts): Problem[] {
  return copiesOf(guest.domain, facts).map(({ host, domid, name }) => ({
    path: `domains/${guest.domain.name}`,
    message: `${name} runs on ${host} as domain ${domid}: its root answers nothing but errors from now on; end it with xl destroy ${domid} there`,
  }))
}

/** A fence is lifted when one copy is left, or none. */
function twice(guest: Guest, facts: SiteFacts): Problem[] {
  const copies = copiesOf(guest.domain, facts)
  if (copies.length < 2) return []
  const where = copies.map(({ host, domid }) => `on ${host} as domain ${domid}`).join(' and ')
  return [
    {
      path: `domains/${guest.domain.name}`,
      message: `${guest.domain.name} runs ${where}: end all but one of them first`,
    },
  ]
}

function byHand({ domain, server }: Guest): Problem[] {
  if (server.kind === 'linux' || server.kind === 'freebsd') return []
  return [
    {
      path: `servers/${server.name}`,
      message: `domus changes nothing on a server of kind ${server.kind}: take the export to ${domain.address} out there by hand`,
    },
  ]
}
