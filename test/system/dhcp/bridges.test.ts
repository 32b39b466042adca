import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Guest } from '../../../src/model/inventory.ts'
import type { Network } from '../../../src/model/network.ts'
import { guest } from '../../unit/dhcp/builders.ts'
import { udhcpc } from './clients.ts'
import { type Lan, openLan } from './lan.ts'
import { startResponder } from './responder-process.ts'

/** Sockets: bridges that come and go, descriptors from systemd, and the one privilege it takes. */

const MAC = '00:16:3e:00:00:50'
const menasOn = (network: Partial<Network>): Guest =>
  guest({
    network: { cidr: '10.10.0.0/24', bridge: 'brA', gateway: '10.10.0.1', dns: [], ...network },
    domain: { mac: MAC, address: '10.10.0.50' },
  })

/** A network that does not say which address is ours. */
function unnamed(): Guest {
  const { dhcpServer: _, ...network } = menasOn({}).network
  return { ...menasOn({}), network }
}

let lan: Lan
const folders: string[] = []
afterEach(async () => {
  await lan.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

test('our address is found on a bridge that has no port and so no carrier', async () => {
  lan = openLan({ name: 'brA', address: '10.10.0.1/24' })
  const responder = await startResponder(lan, [unnamed()])
  expect(await responder.event((event) => event.kind === 'network')).toMatchObject({
    state: 'listening',
    address: '10.10.0.1',
  })
  const client = udhcpc(lan, lan.addMachine('brA', MAC))
  expect(await client.lease('bound')).toMatchObject({ ip: '10.10.0.50', serverid: '10.10.0.1' })
})

describe('a bridge that comes and goes is followed', () => {
  test.each([
    ['with dhcpServer', menasOn({ dhcpServer: '10.10.0.1' })],
    ['without', unnamed()],
  ])('%s', async (_kind, menas) => {
    lan = openLan()
    const responder = await startResponder(lan, [menas])
    await responder.event((event) => event.kind === 'network' && event.state === 'waiting')
    lan.addBridge({ name: 'brA', address: '10.10.0.1/24' })
    await responder.event((event) => event.kind === 'network' && event.state === 'listening')
    const first = udhcpc(lan, lan.addMachine('brA', MAC))
    expect(await first.lease('bound')).toMatchObject({ ip: '10.10.0.50' })
    await first.stop()

    lan.removeBridge('brA')
    const states = () => responder.events().filter((event) => event.kind === 'network')
    await responder.event(() => states().length === 3)
    lan.addBridge({ name: 'brA', address: '10.10.0.1/24' })
    await responder.event(() => states().length === 4)
    const second = udhcpc(lan, lan.addMachine('brA', MAC))
    expect(await second.lease('bound')).toMatchObject({ ip: '10.10.0.50' })
  })
})

test('CAP_NET_BIND_SERVICE is the only privilege it takes', async () => {
  lan = openLan({ name: 'brA', address: '10.10.0.1/24' })
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const only = [
    '--inh-caps=-all,+net_bind_service',
    '--ambient-caps=-all,+net_bind_service',
    '--bounding-set=-all,+net_bind_service',
  ]
  const responder = await startResponder(lan, [menasOn({ dhcpServer: '10.10.0.1' })], {
    wrap: [...nobody, ...only],
  })
  expect(await responder.event((event) => event.kind === 'network')).toMatchObject({ state: 'listening' })
  const client = udhcpc(lan, lan.addMachine('brA', MAC))
  expect(await client.lease('bound')).toMatchObject({ ip: '10.10.0.50' })
})

test('without it, what is missing is named', async () => {
  lan = openLan({ name: 'brA', address: '10.10.0.1/24' })
  const nobody = [
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    '--bounding-set=-all',
    '--inh-caps=-all',
  ]
  const responder = await startResponder(lan, [menasOn({ dhcpServer: '10.10.0.1' })], { wrap: nobody })
  expect(await responder.event((event) => event.kind === 'network')).toMatchObject({
    state: 'blocked',
    detail: expect.stringContaining('it takes CAP_NET_BIND_SERVICE'),
  })
})

test('descriptors bound to a bridge by systemd are used, and keep bridges apart', async () => {
  lan = openLan({ name: 'brA', address: '10.10.0.1/24' }, { name: 'brB', address: '10.20.0.1/24' })
  const menas = menasOn({ dhcpServer: '10.10.0.1' })
  const binder = buildBinder()
  await startResponder(lan, [menas], { inheritedFds: { lan: 3 }, wrap: [binder, 'brA'] })
  const client = udhcpc(lan, lan.addMachine('brA', MAC))
  expect(await client.lease('bound')).toMatchObject({ ip: '10.10.0.50' })
  await client.stop()
  const spoof = udhcpc(lan, lan.addMachine('brB', MAC), '-n', '-t', '2', '-T', '1')
  expect(await spoof.ended()).toBe(1)
})

/** Does what a .socket unit with BindToDevice= does, then runs the command with the socket as descriptor 3. */
function buildBinder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'domus-dhcp-'))
  folders.push(folder)
  const program = join(folder, 'bind-device')
  execFileSync('gcc', ['-o', program, join(import.meta.dirname, 'bind-device.c')])
  return program
}
