import { type Guest, isWritable, rootOf } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import { type Claim, copiesOf, type SiteFacts } from './facts.ts'
import type { Plan, ResourceChange, Step } from './plan.ts'
import type { Planned } from './site.ts'

interface Moment {
  readonly facts: SiteFacts
  /** The revision of the inventory that the guest is from. */
  readonly revision: number
  /** Now, ISO 8601. */
  readonly now: string
}

/** Takes the claim on a writable root, then creates the domU. */
export function planStart(guest: Guest, moment: Moment): Planned {
  const { domain, host } = guest
  const { facts } = moment
  const toolstack = toolstacks[host.toolstack]
  const systemd = facts.hosts.get(host.name)?.systemd === true
  const start: Step = {
    kind: 'start',
    on: host.name,
    machine: host.machine,
    domain: domain.name,
    uuid: domain.uuid,
    argv: toolstack.startArgv(toolstack.configPath(domain.name), domain.name, { systemd }),
  }
  return planned(
    `start domain ${domain.name} on ${host.name}`,
    [...takeClaim(guest, moment), start],
    facts,
    clashes(guest, facts),
  )
}

/** Shuts the guest down, waits until it is gone, gives up its claim. */
export function planStop(guest: Guest, moment: Moment): Planned {
  const { domain, host } = guest
  const argv = toolstacks[host.toolstack].shutdownArgv(domain.name)
  const stop: Step = {
    kind: 'stop',
    on: host.name,
    machine: host.machine,
    domain: domain.name,
    argv,
    timeoutMs: 180_000,
  }
  return planEnd(guest, moment, `stop domain ${domain.name} on ${host.name}`, stop)
}

/** Ends the guest at once and gives up its claim. */
export function planDestroy(guest: Guest, moment: Moment): Planned {
  const { domain, host } = guest
  const argv = toolstacks[host.toolstack].destroyArgv(domain.name)
  const stop: Step = {
    kind: 'stop',
    on: host.name,
    machine: host.machine,
    domain: domain.name,
    argv,
    timeoutMs: 60_000,
  }
  return planEnd(guest, moment, `destroy domain ${domain.name} on ${host.name}`, stop)
}

export function planReboot(guest: Guest, { facts }: Moment): Planned {
  const { domain, host } = guest
  const argv = toolstacks[host.toolstack].rebootArgv(domain.name)
  const steps: Step[] = [{ kind: 'run', on: host.name, machine: host.machine, argv }]
  const title = `reboot domain ${domain.name} on ${host.name}`
  return planned(title, steps, atHome(guest, facts), notRunning(guest, facts), strangers(guest, facts))
}

function planEnd(guest: Guest, { facts, revision }: Moment, title: string, stop: Step): Planned {
  const isGone = facts.hosts.get(guest.host.name)?.running?.has(guest.domain.name) === false
  const claim = facts.claims.get(guest.domain.name)
  const release: ResourceChange[] =
    claim === undefined ? [] : [{ noun: 'claims', name: claim.root, before: claim }]
  const steps: Step[] = [
    ...(isGone ? [] : [stop]),
    ...(release.length === 0
      ? []
      : [{ kind: 'record' as const, machine: 'local' as const, revision, changes: release }]),
  ]
  return planned(title, steps, atHome(guest, facts), elsewhere(guest, facts), strangers(guest, facts))
}

/** What runs on its own host is all that matters to the end of a guest: another host that is down must not keep it. */
const atHome = ({ host }: Guest, facts: SiteFacts): SiteFacts => ({
  ...facts,
  unknown: facts.unknown.filter(({ path }) => path === `hosts/${host.name}`),
})

/** The guest itself runs on another host than it is recorded on: its claim is not to be given up for an end it has not. */
function elsewhere({ domain, host }: Guest, facts: SiteFacts): Problem[] {
  const copies = copiesOf(domain, facts).filter(({ uuid }) => uuid === domain.uuid)
  if (copies.some((copy) => copy.host === host.name)) return []
  return copies.map((copy) => ({
    path: `domains/${domain.name}`,
    message: `runs on ${copy.host} as domain ${copy.domid}, and not on ${host.name}, where it is recorded; domus repair ${domain.name} lets the record follow it`,
  }))
}

function takeClaim(guest: Guest, { facts, revision, now }: Moment): Step[] {
  if (!isWritable(guest.image)) return []
  const root = rootOf(guest)
  const own = facts.claims.get(guest.domain.name)
  // A claim it may have left on another root, before its image was changed, is given up.
  const before = own?.root === root ? own : undefined
  const left: ResourceChange[] =
    own === undefined || before ? [] : [{ noun: 'claims', name: own.root, before: own }]
  const changes = [...left, claiming(guest, now, before)]
  return [{ kind: 'record', machine: 'local', revision, changes }]
}

/** A guest takes the claim on its root, or its own claim anew. */
export function claiming(guest: Guest, now: string, before?: Claim): ResourceChange {
  const root = rootOf(guest)
  const generation = (before?.generation ?? 0) + 1
  const after: Claim = { root, domain: guest.domain.name, host: guest.host.name, generation, since: now }
  return { noun: 'claims', name: root, ...(before && { before }), after }
}

/** The same name, uuid or mac must not run anywhere we know of: two copies would write one root. */
function clashes({ domain }: Guest, facts: SiteFacts): Problem[] {
  const path = `domains/${domain.name}`
  return [...facts.hosts].flatMap(([host, { running }]) =>
    [...(running?.values() ?? [])].flatMap((other) => {
      if (other.name === domain.name)
        return [{ path, message: `${other.name} runs already on ${host}, as domain ${other.domid}` }]
      if (other.uuid === domain.uuid)
        return [{ path, message: `its uuid ${domain.uuid} runs already on ${host}, as ${other.name}` }]
      if (other.vifs.some(({ mac }) => mac === domain.mac))
        return [{ path, message: `its mac ${domain.mac} is in use on ${host}, by ${other.name}` }]
      return []
    }),
  )
}

function notRunning({ domain, host }: Guest, facts: SiteFacts): Problem[] {
  if (facts.hosts.get(host.name)?.running?.has(domain.name) !== false) return []
  return [
    {
      path: `domains/${domain.name}`,
      message: `does not run on ${host.name}; start it: domus start ${domain.name}`,
    },
  ]
}

/** What runs under its name and is not the guest that we know. */
function strangers({ domain, host }: Guest, facts: SiteFacts): Problem[] {
  const other = facts.hosts.get(host.name)?.running?.get(domain.name)
  if (other === undefined || other.uuid === domain.uuid) return []
  return [
    {
      path: `domains/${domain.name}`,
      message: `what runs under its name on ${host.name}, as domain ${other.domid}, has uuid ${other.uuid} and not ${domain.uuid}: somebody may have started it by hand`,
    },
  ]
}

function planned(
  title: string,
  steps: readonly Step[],
  facts: SiteFacts,
  refusals: readonly Problem[],
  warnings: readonly Problem[] = [],
): Planned {
  const plan: Plan = { title, steps, warnings, facts: facts.unknown.length === 0 ? 'known' : 'unknown' }
  return { plan, refusals, unknown: facts.unknown }
}
