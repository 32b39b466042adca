import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Guest } from '../../../src/model/inventory.ts'
import { guest } from '../../unit/dhcp/builders.ts'
import { bootKernel, buildKernel, configured } from './kernel-guest.ts'
import { type Lan, openLan } from './lan.ts'
import { startResponder } from './responder-process.ts'

/** The kernel's own client, on an emulated machine: what it says it configured. */

const MAC = '00:16:3e:00:00:50'
const menas: Guest = guest({
  network: {
    cidr: '10.10.0.0/24',
    bridge: 'brA',
    gateway: '10.10.0.1',
    dns: ['10.10.0.1'],
    dhcpServer: '10.10.0.1',
    mtu: 1400,
  },
  domain: { mac: MAC, address: '10.10.0.50' },
})
const expected = {
  ipaddr: '10.10.0.50',
  mask: '255.255.255.0',
  gw: '10.10.0.1',
  host: 'menas',
  bootserver: '38.99.2.7',
  rootserver: '38.99.2.7',
  rootpath: '/usr/xen/images/slack',
}

let kernel: string
let lan: Lan
beforeAll(async () => {
  kernel = await buildKernel()
}, 1_800_000)
afterEach(() => lan.close())

const openBoth = () =>
  openLan({ name: 'brA', address: '10.10.0.1/24' }, { name: 'brB', address: '10.20.0.1/24' })

describe.each(['dhcp', 'bootp'] as const)('ip=%s', (protocol) => {
  test('the kernel gets its address, its server and its root path', async () => {
    lan = openBoth()
    await startResponder(lan, [menas])
    expect(
      await configured(
        bootKernel(lan, kernel, 'brA', { ...menas, domain: { ...menas.domain, boot: protocol } }),
        120,
      ),
    ).toEqual(expected)
  })
})

test('a kernel that boots while we are away is answered when we are back', async () => {
  lan = openBoth()
  const machine = bootKernel(lan, kernel, 'brA', menas)
  await machine.said(/timed out!/, 180_000) // a round of it; other lines may fall between its dots
  await startResponder(lan, [menas])
  expect(await configured(machine, 120)).toEqual(expected)
})

test('a kernel whose OFFER was never acknowledged is rescued by our NAK', async () => {
  lan = openBoth()
  const script = new URL('offer-only.ts', import.meta.url).pathname
  const other = lan.start(lan.host, process.execPath, script, '10.10.0.1', '10.10.0.77')
  await other.said(/ready/)
  const machine = bootKernel(lan, kernel, 'brA', menas)
  await other.said(/offered/, 120_000)
  await machine.said(/timed out!/, 180_000) // it now asks for 255.255.255.255, and only that
  await other.stop()
  const responder = await startResponder(lan, [menas])
  expect(await configured(machine, 120)).toEqual(expected)
  const { messages } = await responder.finish()
  // One as a rule; on a slow machine the kernel may ask again before it hears our answer.
  expect(messages).toContainEqual(expect.objectContaining({ type: 'request', result: 'nak' }))
}, 600_000)
