import { broadcastOf, formatIpv4, netmaskOf, parseCidr } from '../model/address.ts'
import type { Guest } from '../model/inventory.ts'
import type { Network } from '../model/network.ts'
import type { DhcpReservation, DhcpServerConfig } from '../render/contexts.ts'
import type { Templates } from '../render/templates.ts'
import { formatOptions } from './codec.ts'
import { OPTIONS } from './option-table.ts'
import type { WireOption } from './options.ts'
import { reservationOf } from './reservation.ts'

/** The servers `domus render dhcp` writes for. */
export type DhcpServerKind = 'dnsmasq' | 'dhcpd' | 'kea'

/** The reservations of a network's guests as another DHCP server takes them: the same answers as ours. */
export const renderDhcp = (
  network: Network,
  guests: readonly Guest[],
  as: DhcpServerKind,
  templates: Templates,
): string => templates.render(`dhcp/${as}`, configOf(network, guests))

function configOf(network: Network, guests: readonly Guest[]): DhcpServerConfig {
  const cidr = parseCidr(network.cidr)
  if (cidr === undefined)
    throw new Error(`network ${network.name} with cidr ${network.cidr}: it was not checked`)
  const reservations = guests.filter(({ domain }) => domain.network === network.name).map(reservationTextOf)
  const codes = new Set(reservations.flatMap(({ options }) => options.map(({ code }) => code)))
  return {
    network: network.name,
    cidr: network.cidr,
    subnet: formatIpv4(cidr.first),
    netmask: netmaskOf(cidr),
    broadcast: broadcastOf(cidr),
    gateway: network.gateway ?? false,
    dns: listed(network.dns),
    ntp: listed(network.ntp),
    domainName: network.domain ?? false,
    mtu: network.mtu ?? false,
    leaseSeconds: network.leaseSeconds,
    codes: [...codes].sort((a, b) => a - b),
    reservations,
  }
}

function reservationTextOf(guest: Guest): DhcpReservation {
  const { domain, mac, address, nextServer, rootPath, options } = reservationOf(guest)
  return { name: domain, mac, address, nextServer, rootPath, options: options.map(textOf) }
}

/** The bytes of one option behind its code and length, and as dnsmasq wants to have them said. */
function textOf({ code, value }: WireOption) {
  const bytes = formatOptions({ [code]: value }).subarray(2)
  const plainHex = bytes.toString('hex')
  const hex = plainHex.replace(/..(?=.)/g, '$&:')
  return { code, hex, plainHex, dnsmasq: dnsmasqText(code, bytes, hex) }
}

/** dnsmasq takes hex with colons for all but these. */
function dnsmasqText(code: number, bytes: Buffer, hex: string): string {
  const type = OPTIONS.get(code)?.type
  if (type === 'domain-list') return domainNames(bytes).join(',')
  if (type === 'ip' || type === 'ips' || type === 'ip-pairs') return quads(bytes).join(',')
  return bytes.length === 1 ? `${bytes[0]}b` : hex // one byte has no colon: it would read as decimal
}

const quads = (bytes: Buffer) =>
  Array.from({ length: bytes.length >> 2 }, (_, i) => formatIpv4(bytes.readUInt32BE(4 * i)))

/** The names of option 119, uncompressed as we encode them. */
function domainNames(bytes: Buffer): string[] {
  const names: string[] = []
  let labels: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] ?? 0
    if (length > 0) labels.push(bytes.toString('latin1', at + 1, at + 1 + length))
    else {
      names.push(labels.join('.'))
      labels = []
    }
    at += 1 + length
  }
  return names
}

const listed = (addresses: readonly string[]) =>
  addresses.length === 0 ? (false as const) : addresses.join(',')
