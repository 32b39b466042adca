/** `node dhcp-server.ts GUESTS`: the responder alone, with so many guests, each with a root path of its own. */
import { changeOf } from '../../src/dhcp/directory.ts'
import { serveDhcp } from '../../src/dhcp/socket/serve.ts'
import { formatIpv4, parseIpv4 } from '../../src/model/address.ts'
import type { Guest } from '../../src/model/inventory.ts'
import { guest } from '../unit/dhcp/builders.ts'
import { CIDR, FIRST_ADDRESS, SERVER } from './dhcp-net.ts'
import { macOf } from './dhcp-peers.ts'

const { network, ...others } = guest({
  network: { name: 'bench', cidr: CIDR, gateway: SERVER, dns: [SERVER], dhcpServer: SERVER },
})
const first = parseIpv4(FIRST_ADDRESS)

function* guests(count: number): Generator<Guest> {
  for (let at = 0; at < count; at++) {
    const domain = { ...others.domain, name: `guest${at}`, mac: macOf(at), address: formatIpv4(first + at) }
    yield { ...others, network, domain, image: { ...others.image, path: `/srv/guests/guest${at}` } }
  }
}

const service = await serveDhcp({
  source: () => changeOf(guests(Number(process.argv[2])), [network]),
  onEvent: (event) => {
    if (event.kind === 'warning') console.error(event.message)
  },
})
console.log(`loaded in ${Math.round(performance.now())} ms`) // since the start of the process
process.once('SIGTERM', () => void service.close())
