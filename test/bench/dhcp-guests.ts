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
  const domain = { ...others.domain, name: `guest${at}`, mac: macOf(at), address, network: network.name }
  return { ...others, network, domain, image: { ...others.image, path: `/srv/guests/guest${at}` } }
}
