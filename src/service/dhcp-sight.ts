import type { DhcpFact, RivalFacts, Silence } from '../boot/facts.ts'
import type { RivalEvent } from '../dhcp/events.ts'
import { describeError } from '../errors.ts'
import type { Ipv4, Name } from '../model/grammar.ts'
import type { Guest } from '../model/inventory.ts'
import type { Network } from '../model/network.ts'
import { type DhcpPorts, probeServers } from './dhcp.ts'

/** What this process sees of the networks' DHCP; more where it is the service. */
export interface DhcpSight {
  /** For probes. */
  readonly ports: DhcpPorts
  /** Other servers that the responder has heard guests choose. */
  rivals(): readonly RivalEvent[]
  /** Why our responder does not answer on a network, as far as that is known; undefined when it does. */
  silence(network: Name): Silence | undefined
}

const FRESH_MS = 24 * 3_600_000 // a server nobody has chosen for a day is taken for gone

/** Gathers what is known of the DHCP servers on the networks of some guests; with `probe` each network is asked once. */
export async function gatherDhcp(
  guests: readonly Guest[],
  { ports, rivals, silence }: DhcpSight,
  { probe, now }: { probe: boolean; now: Date },
): Promise<(network: Network) => Omit<DhcpFact, 'simulation'>> {
  const fresh = rivals().filter(({ at }) => now.getTime() - at < FRESH_MS)
  const networks = networksOf(guests)
  const probed = probe ? await probeAll(networks, ports) : new Map<Name, RivalFacts['probed']>()
  const facts = new Map(
    [...networks.keys()].map((name) => {
      const answer = probed.get(name)
      const seen = fresh
        .filter(({ network }) => network === name)
        .map(({ server, mac, at }) => ({ server, mac, at: new Date(at).toISOString() }))
      return [name, { silence: silence(name), rivals: { seen, ...(answer && { probed: answer }) } }] as const
    }),
  )
  return ({ name }) => facts.get(name) ?? {}
}

/** Networks on which somebody asks at all. */
const networksOf = (guests: readonly Guest[]) =>
  new Map(
    guests.flatMap(({ domain, network }) => (domain.boot === 'static' ? [] : [[network.name, network]])),
  )

async function probeAll(
  networks: ReadonlyMap<Name, Network>,
  ports: DhcpPorts,
): Promise<Map<Name, RivalFacts['probed']>> {
  const asked = [...networks.values()].map(
    async (network): Promise<[Name, RivalFacts['probed']]> => [network.name, await probeOne(network, ports)],
  )
  return new Map(await Promise.all(asked))
}

async function probeOne(network: Network, ports: DhcpPorts): Promise<RivalFacts['probed']> {
  try {
    const found = await probeServers(network, { ports })
    return { kind: 'known', value: found.map(({ server }): Ipv4 => server) }
  } catch (error) {
    return { kind: 'unknown', reason: describeError(error) }
  }
}
