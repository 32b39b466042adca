import { afterEach, describe, expect, test } from 'vitest'
import type { Guest } from '../../../src/model/inventory.ts'
import { guest } from '../../unit/dhcp/builders.ts'
import { udhcpc } from './clients.ts'
import { type Lan, openLan } from './lan.ts'
import type { Program } from './programs.ts'
import { startResponder } from './responder-process.ts'

/** Other DHCP servers on the same host or bridge. */

const OURS = '00:16:3e:00:00:50'
const THEIRS = '00:16:3e:00:00:60'

const menas: Guest = guest({
  network: { cidr: '10.10.0.0/24', bridge: 'brA', gateway: '10.10.0.1', dns: [], dhcpServer: '10.10.0.1' },
  domain: { mac: OURS, address: '10.10.0.50' },
})

let lan: Lan
afterEach(() => lan.close())

const openBoth = () =>
  openLan({ name: 'brA', address: '10.10.0.1/24' }, { name: 'brB', address: '10.20.0.1/24' })

/** dnsmasq with addresses for anybody, on one interface of a namespace. */
async function startDnsmasq(
  namespace: string,
  device: string,
  net: string,
  ...options: string[]
): Promise<Program> {
  const argv = [
    'dnsmasq',
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--port=0',
    '--user=root',
    '--leasefile-ro',
  ]
  const more = [
    `--interface=${device}`,
    `--dhcp-range=${net}.100,${net}.150,1h`,
    '--log-facility=-',
    '--log-dhcp',
  ]
  const program = lan.start(namespace, ...argv, '--pid-file', ...more, ...options)
  await program.said(/DHCP, (?:IP range|sockets bound)|started/)
  return program
}

describe('beside dnsmasq on another bridge, as libvirt runs it', () => {
  test.each([
    ['started before us', ['dnsmasq', 'domus']],
    ['started after us', ['domus', 'dnsmasq']],
  ] as const)('%s: each serves its own', async (_order, order) => {
    lan = openBoth()
    for (const who of order) {
      if (who === 'domus') await startResponder(lan, [menas])
      else await startDnsmasq(lan.host, 'brB', '10.20.0', '--bind-dynamic')
    }
    const ours = udhcpc(lan, lan.addMachine('brA', OURS))
    expect(await ours.lease('bound')).toMatchObject({ ip: '10.10.0.50', serverid: '10.10.0.1' })
    const theirs = udhcpc(lan, lan.addMachine('brB', THEIRS))
    expect(await theirs.lease('bound')).toMatchObject({ serverid: '10.20.0.1' })
  })
})

test('a dnsmasq that holds the whole port is named, and we serve as soon as it ends', async () => {
  lan = openBoth()
  const holder = await startDnsmasq(lan.host, 'brB', '10.20.0')
  const responder = await startResponder(lan, [menas])
  const blocked = await responder.event((event) => event.kind === 'network')
  expect(blocked).toMatchObject({
    state: 'blocked',
    detail: expect.stringContaining(`dnsmasq (pid ${holder.pid})`),
  })
  await holder.stop()
  await responder.event((event) => event.kind === 'network' && event.state === 'listening')
  const client = udhcpc(lan, lan.addMachine('brA', OURS))
  expect(await client.lease('bound')).toMatchObject({ ip: '10.10.0.50' })
})

describe('beside a rival on the same bridge', () => {
  test('the guest that takes its offer gives it away', async () => {
    lan = openBoth()
    const rival = lan.addMachine('brA', '00:16:3e:00:00:99')
    lan.run(rival, 'ip', 'address', 'add', '10.10.0.99/24', 'dev', 'eth0')
    const responder = await startResponder(lan, [menas])
    responder.signal('SIGSTOP') // so that the rival is the first to answer
    await startDnsmasq(rival, 'eth0', '10.10.0', '--bind-dynamic')
    const client = udhcpc(lan, lan.addMachine('brA', OURS))
    expect(await client.lease('bound')).toMatchObject({ serverid: '10.10.0.99' })
    responder.signal('SIGCONT')
    const found = await responder.event((event) => event.kind === 'rival')
    expect(found).toMatchObject({ network: 'lan', server: '10.10.0.99', mac: OURS })
  })

  test('a probe finds it and names it', async () => {
    lan = openBoth()
    const rival = lan.addMachine('brA', '00:16:3e:00:00:99')
    lan.run(rival, 'ip', 'address', 'add', '10.10.0.99/24', 'dev', 'eth0')
    await startDnsmasq(rival, 'eth0', '10.10.0', '--bind-dynamic')
    await startResponder(lan, [menas])
    const probe = new URL('probe.ts', import.meta.url).pathname
    const found = lan.run(lan.host, process.execPath, probe, '10.10.0.1')
    expect(JSON.parse(found)).toEqual([
      { server: '10.10.0.99', from: '10.10.0.99', offered: expect.stringMatching(/^10\.10\.0\.1[0-5]\d$/) },
    ])
  })

  test('a probe on a bridge of our own finds nobody', async () => {
    lan = openBoth()
    lan.addMachine('brA', OURS)
    await startResponder(lan, [menas])
    const probe = new URL('probe.ts', import.meta.url).pathname
    expect(JSON.parse(lan.run(lan.host, process.execPath, probe, '10.10.0.1'))).toEqual([])
  })
})
