import { parseCidr, parseIpv4 } from '../model/address.ts'
import type { Mac, Name } from '../model/grammar.ts'
import type { Guest } from '../model/inventory.ts'
import type { Network } from '../model/network.ts'
import type { BootProgress } from './boot-stages.ts'
import { macNumber } from './packet.ts'
import { compileReply } from './replies.ts'
import { type Reservation, reservationOf } from './reservation.ts'
import type { Entry, Scope } from './respond.ts'

/** A network as the responder needs it: plain data. */
export interface ServedNetwork {
  readonly name: Name
  readonly cidr: string
  readonly bridge: string
  readonly dhcpServer?: string
  readonly mode: 'serve' | 'observe' | 'off'
}

/** What changed in the inventory; whatever is in `put` replaces what was there under its MAC or name. */
export interface DhcpChange {
  readonly networks?: { readonly put?: readonly ServedNetwork[]; readonly drop?: readonly Name[] }
  readonly put?: Iterable<Reservation>
  readonly drop?: readonly Mac[]
}

/** All known MACs with their finished replies. A value with a life: applyChange alters it in place. */
export interface DhcpIndex {
  readonly entries: Map<number, KnownEntry>
  readonly scopes: Map<Name, MutableScope>
}

type MutableScope = { -readonly [K in keyof Scope]: Scope[K] }

/** An entry of the index, with how far its guest's boot is known to have come. */
export type KnownEntry = Entry & { readonly boot: BootProgress }

/** Compiles the index of some guests; their networks are all there are. */
export function dhcpIndex(guests: Iterable<Guest>, networks?: Iterable<Network>): DhcpIndex {
  const all = [...guests]
  const index: DhcpIndex = { entries: new Map(), scopes: new Map() }
  applyChange(index, changeOf(all, networks ?? new Set(all.map(({ network }) => network))))
  return index
}

/**
 * The change that puts these guests and networks into an empty index.
 *
 * Reservations are made one by one as they are asked for: a large site never exists twice.
 */
export function changeOf(guests: Iterable<Guest>, networks: Iterable<Network>): DhcpChange {
  return {
    networks: { put: [...networks].map(servedNetwork) },
    put: {
      *[Symbol.iterator]() {
        for (const guest of guests) yield reservationOf(guest)
      },
    },
  }
}

export const servedNetwork = ({ name, cidr, bridge, dhcpServer, dhcp }: Network): ServedNetwork => ({
  name,
  cidr,
  bridge,
  ...(dhcpServer === undefined ? {} : { dhcpServer }),
  mode: dhcp,
})

/** Compiles what changed, and nothing else. Networks first: a reservation of a network nobody put is ignored. */
export function applyChange(index: DhcpIndex, change: DhcpChange): void {
  for (const network of change.networks?.put ?? []) putScope(index, network)
  for (const mac of change.drop ?? []) index.entries.delete(macNumber(mac))
  for (const reservation of change.put ?? []) putReservation(index, reservation)
  for (const name of change.networks?.drop ?? []) dropScope(index, name)
}

/** Says which address of ours a network's guests reach us at; 0 when its bridge has none any more. */
export function setServerId(index: DhcpIndex, network: Name, serverId: number): void {
  const scope = index.scopes.get(network)
  if (scope !== undefined) scope.serverId = serverId
}

function putScope({ scopes }: DhcpIndex, { name, cidr, mode, dhcpServer }: ServedNetwork): void {
  const bounds = parseCidr(cidr)
  if (bounds === undefined) throw new Error(`network ${name} with cidr ${cidr}: it was not checked`)
  const before = scopes.get(name)
  // Without dhcpServer the sockets find our address on the bridge (setServerId).
  const serverId = dhcpServer === undefined ? (before?.serverId ?? 0) : parseIpv4(dhcpServer)
  const scope = { network: name, mode, first: bounds.first, last: bounds.last, serverId }
  // Entries hold their scope: change it where it is.
  if (before === undefined) scopes.set(name, scope)
  else Object.assign(before, scope)
}

function putReservation({ entries, scopes }: DhcpIndex, reservation: Reservation): void {
  const scope = scopes.get(reservation.network)
  if (scope === undefined) return
  const reply = compileReply({ ...reservation, network: scope.network }) // one string for all of a network
  entries.set(reply.mac, { reply, scope, boot: { stages: 0, startedAt: 0 } })
}

function dropScope({ entries, scopes }: DhcpIndex, name: Name): void {
  scopes.delete(name)
  for (const [mac, { scope }] of entries) if (scope.network === name) entries.delete(mac)
}
