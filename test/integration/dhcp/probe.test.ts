import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { probeNetwork } from '../../../src/dhcp/socket/probe.ts'
import { LOOPBACK_BROADCAST } from '../../fakes/kernel-dhcp-client.ts'
import { COOKIE, quad } from '../../unit/dhcp/builders.ts'

const open: Socket[] = []
afterEach(() => {
  for (const socket of open.splice(0)) socket.close()
})

/** A server that offers 10.9.9.9 to anybody, and names itself so. */
async function openRival(serverId: string, clientPort: number): Promise<number> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  open.push(socket)
  socket.bind(0, LOOPBACK_BROADCAST)
  await once(socket, 'listening')
  const sender = createSocket({ type: 'udp4' })
  open.push(sender)
  sender.bind(0, '127.0.0.1')
  await once(sender, 'listening')
  sender.setBroadcast(true)
  socket.on('message', (request) => {
    const offer = Buffer.alloc(300)
    request.copy(offer, 0, 0, 236)
    offer[0] = 2
    offer.set(quad('10.9.9.9'), 16)
    offer.set([...COOKIE, 53, 1, 2, 54, 4, ...quad(serverId), 255], 236)
    sender.send(offer, clientPort, LOOPBACK_BROADCAST)
  })
  return socket.address().port
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

const probe = (server: number, client: number, waitMs: number) =>
  probeNetwork({
    address: '127.0.0.1',
    ports: { server, client },
    broadcastAddress: LOOPBACK_BROADCAST,
    waitMs,
  })

test('a server that offers to nobody is found, with its name and its offer', async () => {
  const client = await freePort()
  const server = await openRival('10.9.9.1', client)
  expect(await probe(server, client, 200)).toEqual([
    { server: '10.9.9.1', from: '127.0.0.1', offered: '10.9.9.9' },
  ])
})

test('our own address is no rival', async () => {
  const client = await freePort()
  const server = await openRival('127.0.0.1', client)
  expect(await probe(server, client, 200)).toEqual([])
})

test('a client port held by somebody else is named', async () => {
  const holder = createSocket({ type: 'udp4', reuseAddr: false })
  open.push(holder)
  holder.bind(0, '0.0.0.0')
  await once(holder, 'listening')
  const { port } = holder.address()
  await expect(probe(67, port, 10)).rejects.toMatchObject({
    code: 'refused',
    message: `cannot probe: UDP port ${port} of ${LOOPBACK_BROADCAST} is held by this process`,
  })
})
