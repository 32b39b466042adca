import { isDeepStrictEqual } from 'node:util'
import { type DhcpChange, type ServedNetwork, servedNetwork } from '../dhcp/directory.ts'
import { type Reservation, reservationOf } from '../dhcp/reservation.ts'
import type { Mac, Name } from '../model/grammar.ts'
import { guestOf, type Inventory } from '../model/inventory.ts'

/** What the DHCP responder is to know: plain data. */
export interface DhcpView {
  readonly networks: ReadonlyMap<Name, ServedNetwork>
  readonly reservations: ReadonlyMap<Mac, Reservation>
}

export const EMPTY_DHCP_VIEW: DhcpView = { networks: new Map(), reservations: new Map() }

/** What an inventory tells the responder. */
export const dhcpViewOf = (inventory: Inventory): DhcpView => ({
  networks: new Map([...inventory.networks.values()].map((one) => [one.name, servedNetwork(one)])),
  reservations: new Map(
    [...inventory.domains.values()].map((domain) => [domain.mac, reservationOf(guestOf(inventory, domain))]),
  ),
})

/** What a responder that knows `before` must be told to know `after`; undefined when it knows it. */
export function dhcpChange(before: DhcpView, after: DhcpView): DhcpChange | undefined {
  const put = changed(before.reservations, after.reservations)
  const drop = gone(before.reservations, after.reservations)
  const networks = {
    put: changed(before.networks, after.networks),
    drop: gone(before.networks, after.networks),
  }
  const sameNetworks = networks.put.length === 0 && networks.drop.length === 0
  if (sameNetworks && put.length === 0 && drop.length === 0) return undefined
  return { ...(!sameNetworks && { networks }), put, drop }
}

const changed = <V>(before: ReadonlyMap<string, V>, after: ReadonlyMap<string, V>): V[] =>
  [...after].flatMap(([key, value]) => (isDeepStrictEqual(before.get(key), value) ? [] : [value]))

const gone = (before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): string[] =>
  [...before.keys()].filter((key) => !after.has(key))
