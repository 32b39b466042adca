import { isDeepStrictEqual } from 'node:util'
import { changeOf, type DhcpChange, servedNetwork } from '../dhcp/change.ts'
import type { ServedNetwork } from '../dhcp/directory.ts'
import { type Reservation, reservationOf } from '../dhcp/reservation.ts'
import type { Name } from '../model/grammar.ts'
import { type Guest, guestOf, type Inventory, type Noun } from '../model/inventory.ts'
import type { Touched } from '../store/next-inventory.ts'

/** All that a responder must be told of an inventory; to be gone through once. */
export function wholeDhcp(inventory: Inventory): DhcpChange {
  return changeOf(guestsOf(inventory), inventory.networks.values())
}

function* guestsOf(inventory: Inventory): Generator<Guest> {
  for (const domain of inventory.domains.values()) yield guestOf(inventory, domain)
}

/**
 * What a responder that knows `before` must be told to know `after`; undefined when it knows it.
 *
 * Where `touched` names all that may differ, only that is looked at: one domain among many costs what it would cost
 * alone.
 */
export function dhcpChange(before: Inventory, after: Inventory, touched?: Touched): DhcpChange | undefined {
  const namesOf = (noun: Noun): Iterable<Name> =>
    touched === undefined
      ? new Set([...before[noun].keys(), ...after[noun].keys()])
      : (touched.get(noun) ?? [])
  const networks = networksThatChanged(before, after, namesOf('networks'))
  const names = touched === undefined ? namesOf('domains') : domainsTouched(after, touched)
  const pairs = [...names].map((name) => ({
    was: reservationIn(before, name),
    is: reservationIn(after, name),
  }))
  const put = pairs.flatMap(({ was, is }) => (is === undefined || isDeepStrictEqual(was, is) ? [] : [is]))
  const kept = new Set(put.map(({ mac }) => mac))
  const drop = pairs.flatMap(({ was, is }) =>
    was === undefined || was.mac === is?.mac || kept.has(was.mac) ? [] : [was.mac],
  )
  if (networks === undefined && put.length === 0 && drop.length === 0) return undefined
  return { ...(networks && { networks }), put, drop }
}

function networksThatChanged(
  before: Inventory,
  after: Inventory,
  names: Iterable<Name>,
): DhcpChange['networks'] {
  const put: ServedNetwork[] = []
  const drop: Name[] = []
  for (const name of names) {
    const [was, is] = [before, after]
      .map(({ networks }) => networks.get(name))
      .map((one) => one && servedNetwork(one))
    if (is === undefined) drop.push(name)
    else if (!isDeepStrictEqual(was, is)) put.push(is)
  }
  return put.length === 0 && drop.length === 0 ? undefined : { put, drop }
}

/** The domains themselves, and those whose network, image or server is touched. */
function domainsTouched(after: Inventory, touched: Touched): ReadonlySet<Name> {
  const names = new Set(touched.get('domains'))
  const networks = touched.get('networks')
  const servers = touched.get('servers')
  const images = new Set(touched.get('images'))
  for (const { name, server } of servers === undefined ? [] : after.images.values()) {
    if (servers?.has(server)) images.add(name)
  }
  if (networks === undefined && images.size === 0) return names
  for (const { name, network, image } of after.domains.values()) {
    if (networks?.has(network) || images.has(image)) names.add(name)
  }
  return names
}

function reservationIn(inventory: Inventory, name: Name): Reservation | undefined {
  const domain = inventory.domains.get(name)
  return domain && reservationOf(guestOf(inventory, domain))
}
