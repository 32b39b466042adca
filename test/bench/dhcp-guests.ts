import { formatIpv4, parseIpv4 } from '../../src/model/address.ts'
import type { Guest } from '../../src/model/inventory.ts'
import { guest } from '../unit/dhcp/builders.ts'
import { CIDR, FIRST_ADDRESS, SERVER } from './dhcp-net.ts'
import { macOf } from './dhcp-peers.ts'

const { network: benchNetwork, ...others } = guest({
  network: { name: 'bench', cidr: CIDR, gateway: SERVER, dns: [SERVER], dhcpServer: SERVER },
})

export const network = benchNetwork

/** Guests of one network, each with a root path of its own, one by one. */
export function* guests(count: number): Generator<Guest> {
  for (let at = 0; at < count; at++) yield guestAt(at)
}

export function guestAt(at: number, address = formatIpv4(parseIpv4(FIRST_ADDRESS) + at)): Guest {
  const name = `guest${at}`
  const own = { name, image: name, mac: macOf(at), uuid: uuidOf(at), address, network: network.name }
  const image = { ...others.image, name, path: `/srv/guests/${name}` }
  return { ...others, network, domain: { ...others.domain, ...own }, image }
}

const uuidOf = (at: number) => `6ba7b811-9dad-11d1-80b4-${at.toString(16).padStart(12, '0')}`
