import { findBreaches } from '../boot/breaches.ts'
import type { BootFacts } from '../boot/facts.ts'
import type { ClientName } from '../dhcp/clients/kinds.ts'
import type { Guest, Inventory } from '../model/inventory.ts'
import type { Tools } from './app.ts'
import { simulateGuest } from './dhcp.ts'
import { gatherDhcp } from './dhcp-sight.ts'
import { kernelKey } from './kernels.ts'
import { notAsked } from './look/ask.ts'
import { breachesOf, type Claims, claimOf, claimsByRoot, type Fences } from './look/claims.ts'
import { gatherConfigs } from './look/configs.ts'
import { gatherHosts, hostFact, runningOn } from './look/hosts.ts'
import { gatherImages, imageKey } from './look/images.ts'
import { gatherKernels } from './look/kernels.ts'
import { gatherLookups, gatherPorts, gatherServers, portsKey, withLookup } from './look/servers.ts'

/** What to look at besides what is always looked at. */
export interface Curiosity {
  readonly claims: Claims
  readonly fences?: Fences
  /** Mounts each root with its guest's address, where the guest does not run; not to be done for a thousand at once. */
  readonly mount?: boolean
  /** Asks the guests' networks for other DHCP servers. */
  readonly probe?: boolean
}

/** Gathers what the chain of links must know; each host, server, image and kernel is looked at once, in parallel. */
export async function gatherBootFacts(
  tools: Tools,
  inventory: Inventory,
  guests: readonly Guest[],
  { claims, fences, mount = false, probe = false }: Curiosity,
): Promise<(guest: Guest) => BootFacts> {
  const [kernels, hosts, servers, dhcpOn] = await Promise.all([
    gatherKernels(tools, guests),
    gatherHosts(tools, inventory),
    gatherServers(tools, guests),
    gatherDhcp(guests, tools.dhcp, { probe, now: tools.now() }),
  ])
  const [images, ports, configs] = await Promise.all([
    gatherImages(tools, guests, servers),
    gatherPorts(tools, guests, hosts),
    gatherConfigs(tools, guests, kernels),
  ])
  const running = runningOn(inventory, hosts)
  const lookups = mount ? await gatherLookups(tools, guests, { running, ports, images }) : new Map()
  const byRoot = claimsByRoot(claims)
  const breaches = Map.groupBy(
    findBreaches(inventory, byRoot.kind === 'known' ? byRoot.value : new Map(), running),
    ({ root }) => root,
  )
  const silent = [...hosts].flatMap(([host, { running: list }]) =>
    list.kind === 'unknown' ? [{ host, reason: list.reason }] : [],
  )
  return (guest) => ({
    kernel: kernels.get(kernelKey(guest)) ?? notAsked,
    config: configs.get(guest.domain.name) ?? { file: notAsked, rendered: '' },
    dhcp: {
      kind: 'known',
      value: { simulation: simulateGuest(guest, clientOf(guest)), ...dhcpOn(guest.network) },
    },
    exports: servers.get(guest.server.name)?.live ?? notAsked,
    image: images.get(imageKey(guest)) ?? { path: notAsked, tree: notAsked },
    server: withLookup(ports.get(portsKey(guest)) ?? notAsked, lookups.get(guest.domain.name)),
    host: hostFact(hosts.get(guest.host.name), running, silent),
    claim: claimOf(guest, byRoot),
    breaches: breachesOf(guest, breaches),
    fencedSince: fences?.get(guest.domain.name),
  })
}

const clientOf = ({ domain, kernel }: Guest): ClientName =>
  domain.boot === 'bootp' ? 'bootp' : kernel.initrd === undefined ? 'kernel' : 'klibc'
