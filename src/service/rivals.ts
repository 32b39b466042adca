import type { RivalFacts } from '../boot/facts.ts'
import type { RivalEvent } from '../dhcp/events.ts'
import { describeError } from '../errors.ts'
import type { Ipv4, Name } from '../model/grammar.ts'
import type { Guest } from '../model/inventory.ts'
import type { Network } from '../model/network.ts'
import { type DhcpPorts, probeServers } from './dhcp.ts'

/** Where the jobs of this process know other DHCP servers from. */
export interface RivalSources {
  /** What the responder has heard; absent where none runs. */
  readonly seen?: () => readonly RivalEvent[]
  /** For probes; 67 and 68 when absent. */
  readonly ports?: DhcpPorts
}

const FRESH_MS = 24 * 3_600_000 // a server nobody has chosen for a day is taken for gone

/** Gathers what is known of other DHCP servers on the networks of some guests; with `probe` each network is asked once. */
export async function gatherRivals(
  guests: readonly Guest[],
  { seen = () => [], ports, probe = false, now }: RivalSources & { probe?: boolean; now: Date },
): Promise<(network: Network) => RivalFacts> {
  const fresh = seen().filter(({ at }) => now.getTime() - at < FRESH_MS)
  const probed = probe ? await probeAll(networksOf(guests), ports) : new Map<Name, RivalFacts['probed']>()
  return ({ name }) => {
    const answer = probed.get(name)
    const here = fresh.filter(({ network }) => network === name)
    return {
      seen: here.map(({ server, mac, at }) => ({ server, mac, at: new Date(at).toISOString() })),
      ...(answer !== undefined && { probed: answer }),
    }
  }
}

/** Networks on which somebody asks at all. */
const networksOf = (guests: readonly Guest[]) =>
  new Map(
    guests.flatMap(({ domain, network }) => (domain.boot === 'static' ? [] : [[network.name, network]])),
  )

async function probeAll(
  networks: ReadonlyMap<Name, Network>,
  ports: DhcpPorts | undefined,
): Promise<Map<Name, RivalFacts['probed']>> {
  const asked = [...networks.values()].map(
    async (network): Promise<[Name, RivalFacts['probed']]> => [network.name, await probeOne(network, ports)],
  )
  return new Map(await Promise.all(asked))
}

async function probeOne(network: Network, ports: DhcpPorts | undefined): Promise<RivalFacts['probed']> {
  try {
    const found = await probeServers(network, { ...(ports && { ports }) })
    return { kind: 'known', value: found.map(({ server }): Ipv4 => server) }
  } catch (error) {
    return { kind: 'unknown', reason: describeError(error) }
  }
}
