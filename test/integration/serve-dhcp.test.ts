import { createSocket } from 'node:dgram'
import { EventEmitter, once } from 'node:events'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DhcpEvent } from '../../src/dhcp/events.ts'
import { openDhcpDuty } from '../../src/serve-dhcp.ts'
import type { BootSign } from '../../src/service/boot-log.ts'
import { domainDocument, inventoryOf, networkDocument, siteDocument } from '../builders/site.ts'
import {
  type KernelDhcpClient,
  LOOPBACK_BROADCAST,
  openKernelDhcpClient,
} from '../fakes/kernel-dhcp-client.ts'

const MAC = '00:16:3e:00:00:01'
const inventory = (over: Record<string, unknown> = {}) =>
  inventoryOf(
    siteDocument({
      networks: [networkDocument({ dhcpServer: undefined })],
      domains: [domainDocument({ boot: 'dhcp', mac: MAC, ...over })],
    }),
  )

let client: KernelDhcpClient
let duty: ReturnType<typeof openDhcpDuty>
const signs: BootSign[] = []
const told = new EventEmitter()

function open(serverPort = 0) {
  duty = openDhcpDuty(
    { dhcp: { enabled: true, serverPort, clientPort: client.port } },
    {
      log: pino({ level: 'silent' }),
      tell: (event) => void told.emit('event', event),
      boots: {
        note(sign) {
          signs.push(sign)
          told.emit(sign.stage)
        },
        close: async () => undefined,
      },
      sockets: { broadcastAddress: LOOPBACK_BROADCAST, bindAddresses: { lan: '127.0.0.1' } },
    },
  )
}

beforeEach(async () => {
  signs.length = 0
  client = await openKernelDhcpClient()
})
afterEach(async () => {
  await duty.close()
  client.close()
})

const boot = () => client.boot(MAC, { server: duty.port() ?? 0 })

test('guests are answered as the inventory says, and after a change as it says then', async () => {
  open()
  expect(duty.health()).not.toBe('ok')
  await duty.follow(inventory())
  expect(await boot()).toMatchObject({ address: '38.99.2.222' })
  await duty.follow(inventory({ address: '38.99.2.223' }))
  expect(await boot()).toMatchObject({ address: '38.99.2.223' })
  expect(duty.health()).toBe('ok')
  expect(duty.silence('lan')).toBeUndefined()
  expect(duty.stats()?.messages).toContainEqual({ type: 'discover', result: 'offer', count: 2 })
})

test('what is seen of a boot is noted', async () => {
  open()
  await duty.follow(inventory())
  const acknowledged = once(told, 'ack')
  await boot()
  await acknowledged
  expect(signs.map(({ domain, stage }) => `${domain} ${stage}`)).toEqual([
    'menas discover',
    'menas offer',
    'menas request',
    'menas ack',
  ])
})

test('packets can be watched', async () => {
  open()
  await duty.follow(inventory())
  const packets: string[] = []
  const done = Promise.withResolvers<void>()
  const stop = duty.watch(({ type, answer }) => {
    packets.push(`${type} ${answer}`)
    if (answer === 'ACK') done.resolve()
  })
  await boot()
  await done.promise
  stop()
  expect(packets).toEqual(['DISCOVER OFFER', 'REQUEST ACK'])
})

test('a port that another program has is told, and nothing else fails', async () => {
  const other = createSocket('udp4').bind(0, LOOPBACK_BROADCAST)
  await once(other, 'listening')
  const blocked = Promise.withResolvers<DhcpEvent>()
  told.on('event', (event: DhcpEvent) => {
    if (event.kind === 'network' && event.state === 'blocked') blocked.resolve(event)
  })
  const { port } = other.address()
  open(port)
  await duty.follow(inventory())
  expect(await blocked.promise).toMatchObject({
    network: 'lan',
    detail: expect.stringContaining(String(port)),
  })
  expect(duty.health()).toContain(`UDP port ${port}`)
  expect(duty.silence('lan')).toMatchObject({
    why: expect.stringMatching(new RegExp(`^domus serve cannot answer there: .*UDP port ${port}`)),
  })
  other.close()
})
