import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Guest } from '../../../src/model/inventory.ts'
import { guest } from '../../unit/dhcp/builders.ts'
import { dhclient, dhcpcd, klibc, udhcpc } from './clients.ts'
import { type Lan, openLan } from './lan.ts'
import { type ResponderProcess, startResponder } from './responder-process.ts'

/** Two bridges, each with a guest of its own network. */
const networks = {
  brA: {
    name: 'neta',
    cidr: '10.10.0.0/24',
    bridge: 'brA',
    gateway: '10.10.0.1',
    dns: ['10.10.0.1'],
    dhcpServer: '10.10.0.1',
  },
  brB: {
    name: 'netb',
    cidr: '10.20.0.0/24',
    bridge: 'brB',
    gateway: '10.20.0.1',
    dns: ['10.20.0.1'],
    dhcpServer: '10.20.0.1',
  },
} as const
type BridgeName = keyof typeof networks

/** Short, for clients that renew at half of it and cannot be told to. */
const SHORT_LEASE = 40 // seconds

function guestOn(bridge: BridgeName, leaseSeconds = 86_400): Guest {
  const { dns, ...network } = networks[bridge]
  const last = bridge === 'brA' ? '50' : '60'
  return guest({
    network: { ...network, dns: [...dns], mtu: 1400, leaseSeconds },
    domain: {
      name: `on-${bridge.toLowerCase()}`,
      network: network.name,
      mac: `00:16:3e:00:00:${last}`,
      address: network.cidr.replace('0/24', last),
    },
    path: `/srv/${bridge.toLowerCase()}`,
  })
}

const told = {
  brA: { address: '10.10.0.50', rootPath: '38.99.2.7:/srv/bra', hostName: 'on-bra', serverId: '10.10.0.1' },
  brB: { address: '10.20.0.60', rootPath: '38.99.2.7:/srv/brb', hostName: 'on-brb', serverId: '10.20.0.1' },
}

let lan: Lan
let responder: ResponderProcess
let machines: Record<BridgeName, string>

beforeAll(async () => {
  lan = openLan({ name: 'brA', address: '10.10.0.1/24' }, { name: 'brB', address: '10.20.0.1/24' })
  machines = {
    brA: lan.addMachine('brA', '00:16:3e:00:00:50'),
    brB: lan.addMachine('brB', '00:16:3e:00:00:60'),
  }
  responder = await startResponder(lan, [guestOn('brA'), guestOn('brB')])
})
afterAll(() => lan.close())

async function restart(leaseSeconds?: number): Promise<void> {
  await responder.stop()
  responder = await startResponder(lan, [guestOn('brA', leaseSeconds), guestOn('brB', leaseSeconds)])
}

describe.each(['brA', 'brB'] as const)('on %s', (bridge) => {
  const expected = told[bridge]

  test.each(['dhcp', 'bootp'] as const)('klibc ipconfig boots by %s', (protocol) => {
    expect(klibc(lan, machines[bridge], protocol)).toMatchObject({
      IPV4ADDR: expected.address,
      IPV4NETMASK: '255.255.255.0',
      HOSTNAME: expected.hostName,
      ROOTSERVER: '38.99.2.7',
      ROOTPATH: expected.rootPath,
    })
  })

  test('udhcpc gets its lease, renews it, and does so after our restart', async () => {
    const client = udhcpc(lan, machines[bridge])
    const lease = {
      ip: expected.address,
      subnet: '255.255.255.0',
      siaddr: '38.99.2.7',
      rootpath: expected.rootPath,
      hostname: expected.hostName,
      serverid: expected.serverId,
    }
    expect(await client.lease('bound')).toMatchObject(lease)
    expect(await client.renew()).toMatchObject(lease)
    await restart()
    expect(await client.renew()).toMatchObject(lease)
    await client.stop()
  })

  test('dhcpcd gets its lease, renews it, and does so after our restart', async () => {
    const client = dhcpcd(lan, machines[bridge])
    const lease = {
      new_ip_address: expected.address,
      new_root_path: expected.rootPath,
      new_host_name: expected.hostName,
    }
    expect(await client.lease('BOUND')).toMatchObject(lease)
    expect(await client.renew()).toMatchObject(lease)
    await restart()
    expect(await client.renew()).toMatchObject(lease)
    await client.stop()
  })
})

test('dhclient gets its lease on both bridges, renews it, and does so after our restart', async () => {
  await restart(SHORT_LEASE)
  const clients = (['brA', 'brB'] as const).map((bridge) => {
    const { address, rootPath, hostName, serverId } = told[bridge]
    const lease = {
      new_ip_address: address,
      new_root_path: rootPath,
      new_host_name: hostName,
      new_interface_mtu: '1400',
      new_dhcp_server_identifier: serverId,
    }
    return { client: dhclient(lan, machines[bridge]), lease }
  })
  const all = (reason: string) =>
    Promise.all(
      clients.map(async ({ client, lease }) => expect(await client.lease(reason)).toMatchObject(lease)),
    )
  await all('BOUND')
  await all('(?:RENEW|REBIND)') // a late machine rebinds
  await restart(SHORT_LEASE)
  await all('(?:RENEW|REBIND)')
  for (const { client } of clients) await client.stop()
})

test('a card nobody knows gets nothing, and is counted', async () => {
  const stranger = lan.addMachine('brA', '00:16:3e:00:00:99')
  const client = udhcpc(lan, stranger, '-n', '-t', '1', '-T', '1')
  expect(await client.ended()).toBe(1)
  const { messages } = await responder.finish()
  expect(messages).toContainEqual({ type: 'discover', result: 'unknown-mac', count: 1 })
  expect(messages.filter(({ result }) => result === 'fault' || result === 'send-failed')).toEqual([])
})
