import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Ipv4 } from '../../model/grammar.ts'

/** What a stopped event loop may have to hold: 5 000 DISCOVERs fit, 332 into the usual default. */
const RECEIVE_BUFFER = 4 << 20 // bytes

/** Opens a UDP socket bound to an address, or to a descriptor that is bound already; rejects with the system's error. */
export async function openUdp(bind: { address: Ipv4; port: number } | { fd: number }): Promise<Socket> {
  // Without a lookup of its own, Node resolves every address it sends to: 10 % of the whole exchange.
  const socket = createSocket({ type: 'udp4', reuseAddr: true, lookup: alreadyAnAddress })
  try {
    const listening = once(socket, 'listening') // before bind: with our lookup it happens at once
    socket.bind(bind)
    await listening
    socket.setBroadcast(true)
    return socket
  } catch (error) {
    socket.close()
    throw error
  }
}

/** Connects it: what it sends goes there, and it takes nothing from anybody else. */
export async function connectUdp(socket: Socket, address: Ipv4, port: number): Promise<void> {
  const connected = once(socket, 'connect')
  socket.connect(port, address)
  await connected
}

/** Asks for a large receive buffer; returns how many bytes the system gave, when that is less. */
export function growReceiveBuffer(socket: Socket): number | undefined {
  socket.setRecvBufferSize(RECEIVE_BUFFER)
  const given = socket.getRecvBufferSize() / 2 // Linux doubles it for its own book-keeping (socket(7))
  return given < RECEIVE_BUFFER ? given : undefined
}

export const describeShortBuffer = (given: number) =>
  `the receive buffer for DHCP has ${given} bytes, ${RECEIVE_BUFFER} were asked for: raise net.core.rmem_max`

/** The same for every address: what we send to is never a name. */
function alreadyAnAddress(
  address: string,
  _family: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, address, 4)
}
