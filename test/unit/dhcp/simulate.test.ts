import { describe, expect, test } from 'vitest'
import { clientModels } from '../../../src/dhcp/clients/kinds.ts'
import { simulate } from '../../../src/dhcp/simulate.ts'
import { guest } from './builders.ts'

const MAC = '00:16:3e:00:00:01'
const clients = Object.keys(clientModels) as (keyof typeof clientModels)[]

test('the client of the kernel, as the JSON people get', () => {
  expect(simulate(guest(), MAC, 'kernel', { nfsOptions: 'vers=3,tcp,hard' })).toMatchInlineSnapshot(`
    {
      "address": "38.99.2.222",
      "answered": true,
      "client": "kernel",
      "dns": [
        "38.99.2.1",
      ],
      "domain": "menas",
      "domainName": null,
      "gateway": "38.99.2.1",
      "hostName": "menas",
      "leaseSeconds": null,
      "mac": "00:16:3e:00:00:01",
      "messages": [
        {
          "answer": "OFFER",
          "asked": "DISCOVER",
          "bytes": 320,
        },
        {
          "answer": "ACK",
          "asked": "REQUEST",
          "bytes": 320,
        },
      ],
      "mtu": null,
      "netmask": "255.255.255.0",
      "network": "lan",
      "nfsOptions": "vers=3,tcp,hard",
      "ntp": [],
      "rootPath": "/usr/xen/images/slack",
      "rootServer": "38.99.2.7",
      "serverId": "38.99.2.7",
    }
  `)
})

describe.each(clients)('%s', (client) => {
  test('gets its address, its server and its root', () => {
    expect(simulate(guest(), MAC, client)).toMatchObject({
      answered: true,
      address: '38.99.2.222',
      rootServer: '38.99.2.7',
      rootPath: '/usr/xen/images/slack',
      nfsOptions: '',
      netmask: '255.255.255.0',
      gateway: '38.99.2.1',
      dns: ['38.99.2.1'],
      hostName: 'menas',
    })
  })

  test('gets the same while nobody knows our address on the bridge', () => {
    const { dhcpServer: _, ...network } = guest().network
    expect(simulate({ ...guest(), network }, MAC, client)).toMatchObject({
      answered: true,
      address: '38.99.2.222',
      rootServer: '38.99.2.7',
      serverId: null,
    })
  })

  test('a stranger gets silence, with the reason', () => {
    expect(simulate(undefined, '00:16:3e:99:99:99', client)).toMatchObject({
      answered: false,
      reason: 'no domain has the MAC 00:16:3e:99:99:99: strangers get no answer',
      address: null,
      rootServer: null,
      rootPath: null,
      nfsOptions: null,
      domain: null,
    })
  })

  test.each([
    ['off', 'DHCP is off on network lan'],
    ['observe', 'network lan is only observed: domus sends nothing there'],
  ] as const)('a network that is %s gives silence', (dhcp, reason) => {
    expect(simulate(guest({ network: { dhcp } }), MAC, client)).toMatchObject({ answered: false, reason })
  })
})

test.each([
  ['kernel', ['DISCOVER', 'REQUEST'], ['OFFER', 'ACK']],
  ['bootp', ['BOOTP'], ['BOOTP']],
] as const)('%s: each message with its answer', (client, asked, answered) => {
  const { messages } = simulate(guest(), MAC, client)
  expect(messages.map((one) => one.asked)).toEqual(asked)
  expect(messages.map((one) => one.answer)).toEqual(answered)
})

test('a client that knows option 121 takes its default route, the kernel keeps the gateway', () => {
  const routed = guest({ network: { options: { 121: ['0.0.0.0/0 via 38.99.2.9'] } } })
  expect(simulate(routed, MAC, 'kernel').gateway).toBe('38.99.2.1')
  expect(simulate(routed, MAC, 'udhcpc').gateway).toBe('38.99.2.9')
  expect(simulate(routed, MAC, 'dhclient').gateway).toBe('38.99.2.9')
})
