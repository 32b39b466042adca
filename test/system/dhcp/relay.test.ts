import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DhcpEvent } from '../../../src/dhcp/events.ts'
import { guest } from '../../unit/dhcp/builders.ts'
import { klibc, udhcpc } from './clients.ts'
import { type Lan, openLan } from './lan.ts'
import { type ResponderProcess, startResponder } from './responder-process.ts'

/** A guest behind a relay: ISC dhcrelay with option 82, on a router between our bridge and a far network. */

const MAC = '00:16:3e:00:00:30'
const menas = guest({
  network: {
    name: 'far',
    cidr: '10.30.0.0/24',
    bridge: 'brF',
    gateway: '10.30.0.1',
    dns: [],
    dhcpServer: '10.10.0.1',
  },
  domain: { mac: MAC, address: '10.30.0.30', network: 'far' },
})

let lan: Lan
let responder: ResponderProcess
let machine: string

beforeAll(async () => {
  lan = openLan({ name: 'brA', address: '10.10.0.1/24' })
  const router = lan.addMachine('brA', '00:16:3e:00:00:09')
  lan.run(router, 'ip', 'address', 'add', '10.10.0.9/24', 'dev', 'eth0')
  machine = lan.addNamespace()
  lan.addWire({ namespace: router, device: 'far0' }, { namespace: machine, device: 'eth0' })
  lan.run(router, 'ip', 'address', 'add', '10.30.0.1/24', 'dev', 'far0')
  lan.run(router, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
  lan.run(machine, 'ip', 'link', 'set', 'eth0', 'address', MAC)
  lan.run(lan.host, 'ip', 'route', 'add', '10.30.0.0/24', 'via', '10.10.0.9')
  responder = await startResponder(lan, [menas], { watch: true })
  const relay = lan.start(
    router,
    'dhcrelay',
    '-4',
    '-d',
    '-a',
    '-pf',
    '/dev/null',
    '-id',
    'far0',
    '-iu',
    'eth0',
    '10.10.0.1',
  )
  await relay.said(/Sending on\s+Socket/)
})
afterAll(() => lan.close())

// First of all: dhcrelay 4.4.3 finds the options of the packet before behind the end of klibc's 236 bytes.
test('klibc boots by BOOTP through the relay', () => {
  expect(klibc(lan, machine, 'bootp')).toMatchObject({ IPV4ADDR: '10.30.0.30', ROOTSERVER: '38.99.2.7' })
})

test('udhcpc gets its lease through the relay', async () => {
  const client = udhcpc(lan, machine)
  expect(await client.lease('bound')).toMatchObject({
    ip: '10.30.0.30',
    siaddr: '38.99.2.7',
    rootpath: '38.99.2.7:/usr/xen/images/slack',
    serverid: '10.10.0.1',
  })
  await client.stop()
})

test('the answers went to the relay', async () => {
  const isAnswer = (event: DhcpEvent) => event.kind === 'packet' && event.answer === 'ACK'
  expect(await responder.event(isAnswer)).toMatchObject({ network: 'far', to: '10.30.0.1' })
})
