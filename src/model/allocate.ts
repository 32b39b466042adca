import { contains, formatIpv4, parseCidr, parseIpv4, parseRange } from './address.ts'
import type { Ipv4 } from './grammar.ts'
import type { Network } from './network.ts'
import type { NfsServer } from './server.ts'

/** Gives out the free addresses of one network, lowest first. */
export interface AddressPool {
  /** The lowest address not given out yet; undefined when there is none left. */
  next(): Ipv4 | undefined
}

/**
 * Opens the free addresses of a network.
 *
 * Never given: the network and broadcast address, the gateway, our own DHCP address, the network's DNS and
 * NTP servers, any NFS server's address, and what is in `taken`. `range` bounds the search when there is one.
 */
export function openPool(
  network: Network,
  servers: Iterable<NfsServer>,
  taken: ReadonlySet<Ipv4>,
): AddressPool {
  const cidr = parseCidr(network.cidr)
  if (cidr === undefined) return { next: () => undefined }
  const range = network.range === undefined ? undefined : parseRange(network.range)
  const reserved = new Set([
    ...taken,
    ...[network.gateway, network.dhcpServer, ...network.dns, ...network.ntp].filter((a) => a !== undefined),
    ...[...servers].map(({ address }) => address),
  ])
  const last = Math.min(range?.last ?? Number.POSITIVE_INFINITY, cidr.last - 1)
  let at = Math.max(range?.first ?? 0, cidr.first + 1)
  return {
    next() {
      for (; at <= last; at++) {
        const address = formatIpv4(at)
        if (reserved.has(address)) continue
        at++
        return address
      }
      return undefined
    },
  }
}

/** Why a domain may not have this address in this network; undefined when it may. */
export function addressFault(
  network: Network,
  servers: Iterable<NfsServer>,
  address: Ipv4,
): string | undefined {
  const cidr = parseCidr(network.cidr)
  if (cidr === undefined) return undefined
  const value = parseIpv4(address)
  if (!contains(cidr, value)) return `${address} is not in ${network.cidr} of network ${network.name}`
  if (value === cidr.first) return `${address} is the network address of ${network.cidr}`
  if (value === cidr.last) return `${address} is the broadcast address of ${network.cidr}`
  if (address === network.gateway) return `${address} is the gateway of network ${network.name}`
  if (address === network.dhcpServer) return `${address} is the dhcpServer of network ${network.name}`
  const server = [...servers].find((one) => one.address === address)
  return server === undefined ? undefined : `${address} is the address of NFS server ${server.name}`
}
