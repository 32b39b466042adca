import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { changeOf } from '../../../src/dhcp/change.ts'
import { kernelBootp } from '../../../src/dhcp/clients/kernel.ts'
import type { DhcpEvent, PacketEvent } from '../../../src/dhcp/events.ts'
import { reservationOf } from '../../../src/dhcp/reservation.ts'
import { type DhcpService, type DhcpServiceOptions, serveDhcp } from '../../../src/dhcp/socket/serve.ts'
import type { Guest } from '../../../src/model/inventory.ts'
import {
  type KernelDhcpClient,
  LOOPBACK_BROADCAST,
  openKernelDhcpClient,
} from '../../fakes/kernel-dhcp-client.ts'
import { guest, message, requested, serverId, type } from '../../unit/dhcp/builders.ts'

const MAC = '00:16:3e:00:00:01'
const closers: (() => void | Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function openClient(model?: typeof kernelBootp): Promise<KernelDhcpClient> {
  const client = await openKernelDhcpClient(model)
  closers.push(() => client.close())
  return client
}

/** A responder on the loopback interface, and a list of its events that can be waited for. */
async function openService(guests: Guest[], clientPort: number, more: Partial<DhcpServiceOptions> = {}) {
  const heard: DhcpEvent[] = []
  const waiting: { fits: (event: DhcpEvent) => boolean; found: (event: DhcpEvent) => void }[] = []
  const service = await serveDhcp({
    source: () =>
      changeOf(
        guests,
        guests.map(({ network }) => network),
      ),
    ports: { server: 0, client: clientPort },
    broadcastAddress: LOOPBACK_BROADCAST,
    bindAddresses: { lan: '127.0.0.1', dmz: '127.0.0.1' },
    onEvent(event) {
      heard.push(event)
      for (const one of waiting) if (one.fits(event)) one.found(event)
    },
    ...more,
  })
  closers.push(() => service.close())
  const event = (fits: (event: DhcpEvent) => boolean): Promise<DhcpEvent> =>
    new Promise((found) => {
      const before = heard.find(fits)
      if (before === undefined) waiting.push({ fits, found })
      else found(before)
    })
  return { service, heard, event }
}

describe('a guest boots over UDP', () => {
  test('with DHCP', async () => {
    const client = await openClient()
    const { service } = await openService([guest()], client.port)
    expect(await client.boot(MAC, service.ports)).toMatchObject({
      address: '38.99.2.222',
      rootServer: '38.99.2.7',
      rootPath: '/usr/xen/images/slack',
      hostName: 'menas',
    })
  })

  test('with BOOTP', async () => {
    const client = await openClient(kernelBootp)
    const { service } = await openService([guest()], client.port)
    expect(await client.boot(MAC, service.ports)).toMatchObject({
      address: '38.99.2.222',
      rootServer: '38.99.2.7',
    })
  })

  test('and each stage is told once', async () => {
    const client = await openClient()
    const { service, heard, event } = await openService([guest()], client.port)
    await client.boot(MAC, service.ports)
    await client.boot(MAC, service.ports)
    await event((one) => one.kind === 'boot' && one.stage === 'ack')
    const stages = heard.flatMap((one) => (one.kind === 'boot' ? [`${one.domain} ${one.stage}`] : []))
    expect(stages).toEqual(['menas discover', 'menas offer', 'menas request', 'menas ack'])
  })
})

describe('the counters', () => {
  test('count each message by type and result', async () => {
    const client = await openClient()
    const { service } = await openService([guest()], client.port)
    await client.boot(MAC, service.ports)
    expect(service.stats().messages).toEqual([
      { type: 'discover', result: 'offer', count: 1 },
      { type: 'request', result: 'ack', count: 1 },
    ])
  })

  test('know the strangers', async () => {
    const client = await openClient()
    const { service } = await openService([guest()], client.port)
    await expect(client.boot('00:16:3e:99:99:99', { ...service.ports, timeoutMs: 100 })).rejects.toThrow(
      /no OFFER/,
    )
    expect(service.stats().messages).toEqual([{ type: 'discover', result: 'unknown-mac', count: 1 }])
  })
})

describe('a change of the inventory', () => {
  test('is in force when update resolves', async () => {
    const client = await openClient()
    const { service } = await openService([], client.port, { source: () => changeOf([], [guest().network]) })
    await service.update(changeOf([guest()], []))
    expect((await client.boot(MAC, service.ports)).address).toBe('38.99.2.222')
    await service.update({ put: [reservationOf(guest({ domain: { address: '38.99.2.50' } }))] })
    expect((await client.boot(MAC, service.ports)).address).toBe('38.99.2.50')
    await service.update({ drop: [MAC] })
    await expect(client.boot(MAC, { ...service.ports, timeoutMs: 100 })).rejects.toThrow(/no OFFER/)
  })

  test('the number of entries follows', async () => {
    const { service } = await openService([guest()], 68)
    expect(service.stats().entries).toBe(1)
    await service.update({ drop: [MAC] })
    expect(service.stats().entries).toBe(0)
  })
})

describe('networks', () => {
  test('a served one is listening at its address', async () => {
    const { event } = await openService([guest()], 68)
    expect(await event((one) => one.kind === 'network')).toMatchObject({
      network: 'lan',
      state: 'listening',
      address: '127.0.0.1',
    })
  })

  test('one whose address this machine does not have is waited for, naming it', async () => {
    const { event } = await openService([guest()], 68, { bindAddresses: {} })
    expect(await event((one) => one.kind === 'network')).toMatchObject({
      state: 'waiting',
      detail: 'dhcpServer 38.99.2.7 of network lan is no address of this machine: give it to bridge xenbr0',
    })
  })

  test('one that is off leaves the port to others', async () => {
    const { service, event } = await openService([guest()], 68)
    const { port } = { port: service.ports.server }
    await service.update({
      networks: { put: [{ name: 'lan', cidr: '38.99.2.0/24', bridge: 'xenbr0', mode: 'off' }] },
    })
    await event((one) => one.kind === 'network' && one.state === 'off')
    const other = await exclusiveSocket(port)
    expect(other.address().port).toBe(port)
  })

  test('an observed one sends nothing and says what it would', async () => {
    const client = await openClient()
    const { service, heard, event } = await openService(
      [guest({ network: { dhcp: 'observe' } })],
      client.port,
    )
    const packets: PacketEvent[] = []
    const stop = service.watch((packet) => packets.push(packet))
    await service.update({}) // orders are obeyed one after the other: now it watches
    await expect(client.boot(MAC, { ...service.ports, timeoutMs: 200 })).rejects.toThrow(/no OFFER/)
    expect(await event((one) => one.kind === 'observed')).toMatchObject({ domain: 'menas', would: 'offer' })
    stop()
    expect(packets).toMatchObject([
      { type: 'DISCOVER', answer: 'OFFER', reason: 'observed', domain: 'menas' },
    ])
    expect(heard.filter((one) => one.kind === 'boot')).toMatchObject([{ stage: 'discover' }])
  })

  test('a port held by somebody is named, and taken when it is free', async () => {
    const holder = await exclusiveSocket(0)
    const { port } = holder.address()
    const { event } = await openService([guest()], 68, { ports: { server: port, client: 68 }, followMs: 20 })
    expect(await event((one) => one.kind === 'network')).toMatchObject({
      state: 'blocked',
      detail: expect.stringContaining(`UDP port ${port} of 127.0.0.1 is held by this process`),
    })
    holder.close()
    expect(await event((one) => one.kind === 'network' && one.state === 'listening')).toBeDefined()
  })
})

/** A socket on all addresses that shares its port with nobody, such as a dnsmasq without bind-dynamic. */
async function exclusiveSocket(port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: false })
  socket.bind(port, '0.0.0.0')
  await once(socket, 'listening')
  return socket
}

describe('what an administrator is told', () => {
  /** Sends one message as a client would, and waits until it is counted. */
  async function send(service: DhcpService, bytes: Buffer): Promise<void> {
    const seen = new Promise<void>((done) => {
      const stop = service.watch(() => {
        stop()
        done()
      })
    })
    await service.update({}) // orders are obeyed one after the other: now it watches
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    socket.setBroadcast(true)
    socket.send(bytes, service.ports.server, LOOPBACK_BROADCAST)
    await seen
    socket.close()
  }

  test('a DECLINE: somebody else has the address', async () => {
    const { service, event } = await openService([guest()], 68)
    await send(service, message({ options: [type(4), requested('38.99.2.222'), serverId('38.99.2.7')] }))
    expect(await event((one) => one.kind === 'decline')).toMatchObject({
      domain: 'menas',
      address: '38.99.2.222',
    })
  })

  test('a rival: our guest chose another server', async () => {
    const { service, event } = await openService([guest()], 68)
    await send(service, message({ options: [type(3), requested('38.99.2.9'), serverId('38.99.2.66')] }))
    expect(await event((one) => one.kind === 'rival')).toMatchObject({
      network: 'lan',
      server: '38.99.2.66',
      mac: MAC,
    })
    expect(service.stats().rivals).toHaveLength(1)
  })

  test('a rival: a stranger chose a server inside our network', async () => {
    const { service, event } = await openService([guest()], 68)
    const bytes = message({ mac: '00:16:3e:99:99:99', options: [type(3), serverId('38.99.2.66')] })
    await send(service, bytes)
    expect(await event((one) => one.kind === 'rival')).toMatchObject({ network: 'lan', server: '38.99.2.66' })
  })

  test('no rival: a stranger chose a server elsewhere, such as one of libvirt', async () => {
    const { service } = await openService([guest()], 68)
    const bytes = message({ mac: '00:16:3e:99:99:99', options: [type(3), serverId('192.168.122.1')] })
    await send(service, bytes)
    expect(service.stats().rivals).toEqual([])
  })

  test('an unreadable message, while somebody watches', async () => {
    const { service } = await openService([guest()], 68)
    const seen = new Promise<PacketEvent>((found) => service.watch(found))
    await send(service, Buffer.alloc(100))
    expect(await seen).toMatchObject({ type: 'unreadable', reason: 'too-short', from: '127.0.0.1' })
  })
})

test('a change that cannot be compiled is refused, and the responder goes on', async () => {
  const client = await openClient()
  const { service } = await openService([guest()], client.port)
  const broken = { networks: { put: [{ name: 'x', cidr: 'nonsense', bridge: 'b', mode: 'serve' as const }] } }
  await expect(service.update(broken)).rejects.toMatchObject({ code: 'internal' })
  expect((await client.boot(MAC, service.ports)).address).toBe('38.99.2.222')
})
