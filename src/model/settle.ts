import { type AddressPool, addressFault, openPool } from './allocate.ts'
import type { Domain, DomainSpec } from './domain.ts'
import type { Ipv4, Mac, Name } from './grammar.ts'
import { macFor, uuidFor } from './identity.ts'
import type { Inventory, Site } from './inventory.ts'
import type { Network } from './network.ts'
import type { Problem } from './problem.ts'

/** What a domain had before, kept when its declaration does not say otherwise. */
export type Pinned = Pick<Domain, 'address' | 'mac' | 'uuid' | 'network'>

/**
 * Settles what the domains leave open: the only network, kernel and host; address, mac and uuid.
 *
 * Addresses are given lowest free first, in the order of the document; a mac is derived from site and domain
 * name. What is in `pinned` stays, as long as it fits. The site has passed checkSite.
 */
export function settleSite(
  site: Site,
  pinned: ReadonlyMap<Name, Pinned> = new Map(),
): { inventory: Inventory; problems: Problem[] } {
  const problems: Problem[] = []
  const byName = <T extends { name: Name }>(list: readonly T[]) => new Map(list.map((one) => [one.name, one]))
  const placed = site.domains.map((spec) => place(site, spec))
  const addresses = settleAddresses(site, placed, pinned, problems)
  const macs = settleMacs(site, placed, pinned)
  const domains = placed.flatMap((spec): Domain[] => {
    const address = addresses.get(spec.name)
    const mac = macs.get(spec.name)
    if (address === undefined || mac === undefined) return []
    return [
      {
        ...spec,
        address,
        mac,
        uuid: spec.uuid ?? pinned.get(spec.name)?.uuid ?? uuidFor(site.site, spec.name),
      },
    ]
  })
  return {
    inventory: {
      site: site.site,
      networks: byName(site.networks),
      servers: byName(site.servers),
      images: byName(site.images),
      kernels: byName(site.kernels),
      hosts: byName(site.hosts),
      domains: byName(domains),
    },
    problems,
  }
}

type Placed = DomainSpec & Pick<Domain, 'network' | 'kernel' | 'host'>

function place(site: Site, spec: DomainSpec): Placed {
  const only = (list: readonly { name: Name }[]) => (list.length === 1 ? list[0]?.name : undefined)
  return {
    ...spec,
    network: spec.network ?? only(site.networks) ?? '',
    kernel: spec.kernel ?? only(site.kernels) ?? '',
    host: spec.host ?? only(site.hosts) ?? '',
  }
}

function settleAddresses(
  site: Site,
  domains: readonly Placed[],
  pinned: ReadonlyMap<Name, Pinned>,
  problems: Problem[],
) {
  const result = new Map<Name, Ipv4>()
  const taken = new Set<Ipv4>(domains.flatMap(({ address }) => (address === undefined ? [] : [address])))
  const networks = new Map(site.networks.map((one) => [one.name, one]))
  const fits = (network: Network | undefined, { address }: Pinned) =>
    network !== undefined && !taken.has(address) && addressFault(network, site.servers, address) === undefined
  for (const { name, address, network } of domains) {
    const old = pinned.get(name)
    if (address !== undefined) result.set(name, address)
    else if (old && old.network === network && fits(networks.get(network), old)) {
      result.set(name, old.address)
      taken.add(old.address)
    }
  }
  const pools = new Map<Name, AddressPool>(
    site.networks.map((one) => [one.name, openPool(one, site.servers, taken)]),
  )
  for (const { name, network } of domains) {
    if (result.has(name)) continue
    const address = pools.get(network)?.next()
    if (address !== undefined) result.set(name, address)
    else
      problems.push({
        path: `domains/${name}/address`,
        message: `network ${network} has no free address; widen its range or give one by hand`,
      })
  }
  return result
}

function settleMacs(
  site: Site,
  domains: readonly Placed[],
  pinned: ReadonlyMap<Name, Pinned>,
): Map<Name, Mac> {
  const result = new Map<Name, Mac>()
  const taken = new Set<Mac>(domains.flatMap(({ mac }) => (mac === undefined ? [] : [mac])))
  const keep = (name: Name, mac: Mac) => {
    result.set(name, mac)
    taken.add(mac)
  }
  for (const { name, mac } of domains) {
    const old = pinned.get(name)?.mac
    if (mac !== undefined) keep(name, mac)
    else if (old !== undefined && !taken.has(old)) keep(name, old)
  }
  // By name, so that a clash ends the same way whatever the order of the document.
  const open = domains.filter(({ name }) => !result.has(name)).map(({ name }) => name)
  for (const name of open.sort()) keep(name, macFor(site.site, name, taken))
  return result
}
