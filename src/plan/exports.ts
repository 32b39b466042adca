import type { Name } from '../model/grammar.ts'
import type { Inventory } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'
import type { NfsServer } from '../model/server.ts'
import { type ServerFacts, unknownFacts } from '../nfs/facts.ts'
import { nfsKinds } from '../nfs/kinds.ts'
import type { PlanPart, SiteChange } from './site.ts'

/** Plans the exports of every server that has some, or had: each kind knows how. A fenced domain has none. `only` names one server. */
export function planExports(
  change: SiteChange,
  only?: Name,
): PlanPart & { readonly unknown: readonly Problem[] } {
  const fences = change.facts.fences ?? new Map<Name, string>()
  const servers = serversOf(change).filter(({ name }) => only === undefined || name === only)
  const parts = servers.map((server) =>
    nfsKinds[server.kind].plan({
      server,
      templates: change.templates,
      inventory: withoutFenced(change.wanted, fences),
      current: change.current,
      facts: withoutFencedGuests(
        change.facts.servers.get(server.name) ?? unknownFacts(`nobody has looked at ${server.name}`),
        change.current,
        fences,
      ),
      isolation: change.exports.isolation,
      drift: change.exports.drift ?? 'stop',
    }),
  )
  return {
    steps: parts.flatMap(({ steps }) => steps),
    warnings: parts.flatMap(({ warnings }) => warnings),
    refusals: parts.flatMap(({ problems }) => problems),
    unknown: parts.flatMap(({ unknown }) => unknown),
  }
}

type Fences = ReadonlyMap<Name, string>

function withoutFenced(inventory: Inventory, fences: Fences): Inventory {
  if (fences.size === 0) return inventory
  const domains = new Map([...inventory.domains].filter(([name]) => !fences.has(name)))
  return { ...inventory, domains }
}

/** The export of a running guest is kept for its sake; that of a fenced one is taken in spite of it. */
function withoutFencedGuests(facts: ServerFacts, { domains }: Inventory, fences: Fences): ServerFacts {
  if (fences.size === 0 || facts.running.kind === 'unknown') return facts
  const addresses = new Set([...fences.keys()].map((name) => domains.get(name)?.address))
  const running = new Set([...facts.running.value].filter((address) => !addresses.has(address)))
  return { ...facts, running: { kind: 'known', value: running } }
}

function serversOf({ current, wanted }: SiteChange): NfsServer[] {
  const used = new Set(
    [current, wanted].flatMap(({ domains, images }) =>
      [...domains.values()].map(({ image }) => images.get(image)?.server),
    ),
  )
  // A server under another name keeps its file: that tells what was exported before.
  const hasFile = ({ kind }: NfsServer) => nfsKinds[kind].path !== undefined
  const machines = new Set([...wanted.servers.values()].filter(hasFile).map(({ machine }) => machine))
  const gone = [...current.servers.values()].filter(
    (server) => !wanted.servers.has(server.name) && !(hasFile(server) && machines.has(server.machine)),
  )
  return [...wanted.servers.values(), ...gone].filter(({ name }) => used.has(name))
}
