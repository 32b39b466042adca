import { broadcastOf, isIpv4, netmaskOf, parseCidr } from '../model/address.ts'
import type { Ipv4, Mac, Name } from '../model/grammar.ts'
import type { Guest } from '../model/inventory.ts'
import type { Network } from '../model/network.ts'
import type { WireValue } from './codec.ts'
import { encodeOptions, type OptionSettings, type WireOption } from './options.ts'

/** Everything one guest is told: plain data, so that it can cross to the responder's thread. */
export interface Reservation {
  readonly domain: Name
  readonly network: Name
  readonly mac: Mac
  readonly address: Ipv4
  readonly netmask: Ipv4
  readonly broadcast: Ipv4
  readonly gateway?: Ipv4
  readonly dns: readonly Ipv4[]
  readonly ntp: readonly Ipv4[]
  readonly hostName: string
  readonly domainName?: string
  readonly mtu?: number
  readonly leaseSeconds: number
  /** siaddr: the NFS server. */
  readonly nextServer: Ipv4
  /** Option 17, `server:/path`. Mount options would break initramfs-tools; they belong on the command line. */
  readonly rootPath: string
  /** Our own address on that bridge (option 54); the responder fills in what it finds when absent. */
  readonly serverId?: Ipv4
  readonly options: readonly WireOption[]
}

/** What the inventory says a guest is to be told; `serverId` is our address on its bridge where the network names none. */
export function reservationOf({ domain, network, server, image }: Guest, serverId?: Ipv4): Reservation {
  const common = commonOf(network)
  const id = network.dhcpServer ?? serverId
  return {
    ...common,
    domain: domain.name,
    mac: domain.mac,
    address: domain.address,
    hostName: domain.name,
    nextServer: server.address,
    rootPath: `${server.address}:${image.path}`,
    ...(id === undefined ? {} : { serverId: id }),
    ...(hasOptions(domain.options) ? { options: optionsOf(network, domain.options) } : {}),
  }
}

type Common = Omit<
  Reservation,
  'domain' | 'mac' | 'address' | 'hostName' | 'nextServer' | 'rootPath' | 'serverId'
>

/** What all guests of a network have in common; worked out once for each network there is. */
function commonOf(network: Network): Common {
  const known = commons.get(network)
  if (known !== undefined) return known
  const cidr = parseCidr(network.cidr)
  if (cidr === undefined)
    throw new Error(`network ${network.name} with cidr ${network.cidr}: it was not checked`)
  const common = {
    network: network.name,
    netmask: netmaskOf(cidr),
    broadcast: broadcastOf(cidr),
    ...(network.gateway === undefined ? {} : { gateway: network.gateway }),
    dns: network.dns,
    ntp: network.ntp,
    ...(network.domain === undefined ? {} : { domainName: network.domain }),
    ...(network.mtu === undefined ? {} : { mtu: network.mtu }),
    leaseSeconds: network.leaseSeconds,
    options: optionsOf(network, {}),
  }
  commons.set(network, common)
  return common
}

const commons = new WeakMap<Network, Common>() // a network never changes; a changed one is another object

const hasOptions = (options: OptionSettings) => Object.keys(options).length > 0

const optionsOf = (network: Network, own: OptionSettings) =>
  withDefaultRoute(encodeOptions(network.options, own), network.gateway)

const ROUTE_OPTIONS = [121, 249]

/**
 * A client that takes option 121 ignores option 3 (RFC 3442), but the kernel knows only option 3: so the gateway
 * goes into both, unless the routes have a default of their own.
 */
function withDefaultRoute(options: readonly WireOption[], gateway: Ipv4 | undefined): readonly WireOption[] {
  if (gateway === undefined || !isIpv4(gateway)) return options
  return options.map(({ code, value }) =>
    ROUTE_OPTIONS.includes(code) && isNumbers(value) && !hasDefault(value)
      ? { code, value: [...value, 0, ...gateway.split('.').map(Number)] }
      : { code, value },
  )
}

const isNumbers = (value: WireValue): value is readonly number[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'number')

/** Walks the routes: one byte prefix length, the used bytes of the network, four bytes gateway. */
function hasDefault(bytes: readonly number[]): boolean {
  for (let at = 0; at < bytes.length; ) {
    const prefix = bytes[at] ?? 0
    if (prefix === 0) return true
    at += 1 + Math.ceil(prefix / 8) + 4
  }
  return false
}
