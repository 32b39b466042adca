import type { Name } from '../model/grammar.ts'
import { type Guest, guestOf, type Inventory, isWritable } from '../model/inventory.ts'
import { type Problem, unique } from '../model/problem.ts'
import type { Templates } from '../render/templates.ts'
import { planExports } from './exports.ts'
import type { SiteFacts } from './facts.ts'
import { claiming, rootOf } from './lifecycle.ts'
import type { ResourceChange, Step } from './plan.ts'
import type { Planned } from './site.ts'

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
  const exported = planExports({
    title: '',
    current: inventory,
    wanted: inventory,
    revision,
    facts: { ...facts, fences },
    templates,
    exports: { isolation },
  })
  const changes = recordChanges(change, guest)
  const steps: Step[] = [
    ...exported.steps,
    ...(changes.length === 0
      ? []
      : [{ kind: 'record' as const, machine: 'local' as const, revision, changes }]),
  ]
  const unknown = unique([...facts.unknown, ...exported.unknown])
  const root = rootOf(guest)
  return {
    plan: {
      title: lift
        ? `lift the fence of domain ${name}: export ${root} to it again`
        : `fence domain ${name}: end its export of ${root}`,
      steps,
      warnings: [...exported.warnings, ...(lift ? [] : runningWarnings(guest, facts))],
      facts: unknown.length === 0 ? 'known' : 'unknown',
    },
    refusals: [...exported.refusals, ...(lift ? twice(guest, facts) : byHand(guest))],
    unknown,
  }
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
  return copiesOf(guest, facts).map(({ host, domid, name }) => ({
    path: `domains/${guest.domain.name}`,
    message: `${name} runs on ${host} as domain ${domid}: its root answers nothing but errors from now on; end it with xl destroy ${domid} there`,
  }))
}

/** A fence is lifted when one copy is left, or none. */
function twice(guest: Guest, facts: SiteFacts): Problem[] {
  const copies = copiesOf(guest, facts)
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

/** All that runs under the guest's name, uuid or MAC: they reach the root by the same address. */
const copiesOf = ({ domain }: Guest, { hosts }: SiteFacts) =>
  [...hosts].flatMap(([host, { running }]) =>
    [...(running?.values() ?? [])]
      .filter(
        ({ name, uuid, vifs }) =>
          name === domain.name || uuid === domain.uuid || vifs.some(({ mac }) => mac === domain.mac),
      )
      .map(({ name, domid }) => ({ host, name, domid })),
  )
