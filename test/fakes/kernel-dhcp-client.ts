import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Caller, ClientModel, Outcome, Reading } from '../../src/dhcp/clients/client.ts'
import { kernelDhcp } from '../../src/dhcp/clients/kernel.ts'
import type { Ipv4, Mac } from '../../src/model/grammar.ts'

export interface KernelDhcpClient {
  /** Where it listens: the client port of the server. */
  readonly port: number
  /**
   * Boots: sends what the kernel's client sends, takes what it takes. `server` is the server's port.
   *
   * @throws Error when no answer it takes comes in time
   */
  boot(mac: Mac, to: { readonly server: number; readonly timeoutMs?: number }): Promise<Reading>
  close(): void
}

/** Plays the broadcast address of a network on the loopback interface. */
export const LOOPBACK_BROADCAST: Ipv4 = '127.255.255.255'

/**
 * A DHCP client over UDP that behaves like the kernel's (net/ipv4/ipconfig.c): 548-byte messages, no flags, and
 * an answer is taken by its xid alone. Broadcasts on the loopback interface need no privilege.
 */
export async function openKernelDhcpClient(model: ClientModel = kernelDhcp): Promise<KernelDhcpClient> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  socket.bind(0, LOOPBACK_BROADCAST)
  await once(socket, 'listening')
  const sender = createSocket({ type: 'udp4', reuseAddr: true })
  sender.bind(0, '127.0.0.1')
  await once(sender, 'listening')
  sender.setBroadcast(true)
  let lastXid = 0
  return {
    port: socket.address().port,
    async boot(mac, { server, timeoutMs = 5_000 }) {
      const caller = { mac, xid: ++lastXid }
      const outcome = await converse(model, caller, (message) =>
        ask(socket, sender, message, caller, server, timeoutMs),
      )
      if (outcome.kind === 'failed') throw new Error(`${mac}: ${outcome.why}`)
      return outcome.reading
    },
    close() {
      socket.close()
      sender.close()
    },
  }
}

async function converse(
  model: ClientModel,
  caller: Caller,
  askFor: (message: Buffer) => Promise<Buffer | undefined>,
): Promise<Outcome> {
  const exchange = model(caller)
  let step = exchange.next()
  while (!step.done) step = exchange.next(await askFor(step.value))
  return step.value
}

/** Sends a message and waits for the first reply with its xid; undefined when none comes in time. */
async function ask(
  socket: Socket,
  sender: Socket,
  message: Buffer,
  { xid }: Caller,
  port: number,
  timeoutMs: number,
) {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
  const hear = (bytes: Buffer) => {
    if (bytes.length >= 236 && bytes[0] === 2 && bytes.readUInt32BE(4) === xid) resolve(bytes)
  }
  const timer = setTimeout(() => resolve(undefined), timeoutMs)
  socket.on('message', hear)
  try {
    sender.send(message, port, LOOPBACK_BROADCAST)
    return await promise
  } finally {
    clearTimeout(timer)
    socket.off('message', hear)
  }
}
