import { parseIpv4 } from '../model/address.ts'
import type { Mac, Name } from '../model/grammar.ts'
import type { Guest } from '../model/inventory.ts'
import type { Network } from '../model/network.ts'
import { openCompiler } from './compile.ts'
import {
  applyChange,
  type DhcpIndex,
  type IndexChange,
  newIndex,
  type PackedReplies,
  type ServedNetwork,
} from './directory.ts'
import { macNumber } from './packet.ts'
import { formatRecord } from './reply-record.ts'
import { type Reservation, reservationOf } from './reservation.ts'

/** What changed in the inventory; whatever is in `put` replaces what was there under its MAC or name. */
export interface DhcpChange {
  readonly networks?: { readonly put?: readonly ServedNetwork[]; readonly drop?: readonly Name[] }
  readonly put?: Iterable<Reservation>
  readonly drop?: readonly Mac[]
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

/** The same change with its replies compiled. */
export const compileChange = ({ put, ...others }: DhcpChange): IndexChange =>
  put === undefined ? others : { ...others, put: packReplies(put) }

/** Compiles replies, each into a record. */
export function packReplies(reservations: Iterable<Reservation>): PackedReplies {
  const compile = openCompiler()
  const numbers = new Map<Name, number>()
  const records: Buffer[] = []
  for (const reservation of reservations) {
    const { domain, mac, address, nextServer } = reservation
    const network = numbers.get(reservation.network) ?? numbers.size
    numbers.set(reservation.network, network)
    const subject = {
      domain,
      mac: macNumber(mac),
      address: parseIpv4(address),
      nextServer: parseIpv4(nextServer),
      network,
    }
    records.push(formatRecord(subject, compile(reservation)))
  }
  // Not of Node's pool: this memory is handed to another thread.
  const all = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const record of records) {
    all.set(record, at)
    at += record.length
  }
  return { networks: [...numbers.keys()], records: all }
}

/** Compiles the index of some guests; their networks are all there are. */
export function dhcpIndex(guests: Iterable<Guest>, networks?: Iterable<Network>): DhcpIndex {
  const all = [...guests]
  const index = newIndex()
  applyChange(index, compileChange(changeOf(all, networks ?? new Set(all.map(({ network }) => network)))))
  return index
}
