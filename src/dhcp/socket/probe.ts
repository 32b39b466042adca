import { randomBytes } from 'node:crypto'
import type { RemoteInfo, Socket } from 'node:dgram'
import { DomusError } from '../../errors.ts'
import { formatIpv4 } from '../../model/address.ts'
import type { Ipv4 } from '../../model/grammar.ts'
import { formatRequest } from '../clients/message.ts'
import { readOptions } from '../packet.ts'
import { openBindFaults } from './bind-faults.ts'
import { connectUdp, openUdp } from './open-socket.ts'

export interface ProbeOptions {
  /** Our address on the bridge to ask on; an OFFER that names it is our own. */
  readonly address: Ipv4
  readonly ports?: { readonly server: number; readonly client: number }
  readonly broadcastAddress?: Ipv4
  /** How long OFFERs are waited for; 5 000 ms when absent: dhcpd pings an address for one second first, dnsmasq for three. */
  readonly waitMs?: number
}

/** A DHCP server that made an offer to a client nobody can know. */
export interface FoundServer {
  readonly server: Ipv4
  /** The address its OFFER came from, when that is another: a relay, or a server with several. */
  readonly from: Ipv4
  readonly offered: Ipv4
}

/**
 * Asks for an address as a client that does not exist, and listens who offers one.
 *
 * Servers that answer only clients they know, as domus does, stay silent and are not found.
 *
 * @throws DomusError 'refused' when the client port cannot be opened, naming who holds it
 */
export async function probeNetwork(options: ProbeOptions): Promise<FoundServer[]> {
  const { address, ports = { server: 67, client: 68 }, broadcastAddress = '255.255.255.255' } = options
  const receiver = await open({ address: broadcastAddress, port: ports.client })
  try {
    const sender = await open({ address, port: ports.client })
    try {
      await connectUdp(sender, broadcastAddress, ports.server)
      return await collect(receiver, sender, { ...options, address })
    } finally {
      sender.close()
    }
  } finally {
    receiver.close()
  }
}

async function open(bind: { address: Ipv4; port: number }): Promise<Socket> {
  try {
    return await openUdp(bind)
  } catch (cause) {
    throw new DomusError('refused', `cannot probe: ${openBindFaults()(cause, bind)}`, { cause })
  }
}

async function collect(receiver: Socket, sender: Socket, { address, waitMs = 5_000 }: ProbeOptions) {
  const found = new Map<Ipv4, FoundServer>()
  const discover = discoverOfNobody()
  receiver.on('message', (bytes, from) => {
    const server = readOffer(bytes, discover.readUInt32BE(4), from)
    if (server !== undefined && server.server !== address) found.set(server.server, server)
  })
  sender.send(discover)
  await new Promise((resolve) => setTimeout(resolve, waitMs))
  return [...found.values()]
}

/** A locally administered MAC and an identifier made up now: no server can have reserved for them. */
function discoverOfNobody(): Buffer {
  const random = randomBytes(16)
  const mac = `02:${random.toString('hex', 0, 5).replace(/..(?=.)/g, '$&:')}`
  return formatRequest({
    mac,
    xid: random.readUInt32BE(5),
    flags: 0x8000, // we have no address there to unicast to
    length: 300,
    options: [
      [53, [1]],
      [61, [0, ...random.subarray(0, 9)]],
      [55, [1, 3, 6, 15, 51, 54]],
    ],
  })
}

function readOffer(bytes: Buffer, xid: number, from: RemoteInfo): FoundServer | undefined {
  if (bytes.length < 240 || bytes[0] !== 2 || bytes.readUInt32BE(4) !== xid) return undefined
  const options = readOptions(bytes)
  if (options?.get(53)?.[0] !== 2) return undefined
  const id = options.get(54)
  return {
    server: id?.length === 4 ? formatIpv4(id.readUInt32BE(0)) : from.address,
    from: from.address,
    offered: formatIpv4(bytes.readUInt32BE(16)),
  }
}
