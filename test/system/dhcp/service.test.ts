import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Inventory, NOUNS } from '../../../src/model/inventory.ts'
import { openStore } from '../../../src/store/open.ts'
import { recordChanges } from '../../../src/store/record.ts'
import { domainDocument, inventoryOf, networkDocument, siteDocument } from '../../builders/site.ts'
import { udhcpc } from './clients.ts'
import { type Lan, openLan } from './lan.ts'
import type { Program } from './programs.ts'

/** The whole program on a host with a bridge: what a person sees of DHCP. */

const MAC = '00:16:3e:00:00:50'
const SITE = siteDocument({
  networks: [
    networkDocument({
      cidr: '10.10.0.0/24',
      bridge: 'brA',
      gateway: '10.10.0.1',
      range: undefined,
      dns: [],
      dhcpServer: '10.10.0.1',
    }),
  ],
  domains: [domainDocument({ mac: MAC, address: '10.10.0.50', boot: 'dhcp' })],
})

let lan: Lan
let folder: string
let service: Program
let guest: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'domus-dhcp-'))
  writeFileSync(join(folder, 'site.json'), JSON.stringify(SITE))
  await record(inventoryOf(SITE))
  lan = openLan({ name: 'brA', address: '10.10.0.1/24' })
  guest = lan.addMachine('brA', MAC)
  service = start('serve')
  await service.said(/"msg":"ready"/, 120_000)
}, 180_000)
afterAll(async () => {
  await lan.close()
  rmSync(folder, { recursive: true })
})

/** Records an inventory as a plan would that needs nothing on any host. */
async function record(inventory: Inventory): Promise<void> {
  const store = await openStore(`sqlite:${join(folder, 'domus.db')}`)
  const additions = NOUNS.flatMap((noun) =>
    [...inventory[noun].values()].map((after) => ({ noun, name: after.name, after })),
  )
  await recordChanges(store, additions, { revision: 0, at: new Date().toISOString() })
  await store.close()
}

const start = (...words: string[]): Program => {
  const main = join(import.meta.dirname, '../../../src/domus.js')
  const settings = [`DOMUS_DATA=${folder}`, 'DOMUS_SITE=book']
  return lan.start(lan.host, 'env', ...settings, process.execPath, main, ...words)
}

/** A command to its end; what it wrote and its exit code. */
async function domus(...words: string[]) {
  const program = start(...words)
  const exitCode = await program.ended()
  return { exitCode, output: program.output() }
}

/** The guest's lease, once; who answered it. */
async function lease(): Promise<Readonly<Record<string, string>>> {
  const client = udhcpc(lan, guest)
  const bound = await client.lease('bound')
  await client.stop()
  return bound
}

/** The DHCP link of `verify menas`. */
async function dhcpLink(...options: string[]): Promise<unknown> {
  const { output } = await domus('verify', 'menas', '--json', ...options)
  const { links } = JSON.parse(output) as { links: { link: string }[] }
  return links.find(({ link }) => link === 'dhcp')
}

test('each packet is a line for who watches, as text and as JSON', async () => {
  const [asText, asJson] = [start('dhcp', 'watch'), start('dhcp', 'watch', '--json')]
  await Promise.all([asText, asJson].map((one) => one.said(/watching the service/)))
  expect(await lease()).toMatchObject({ ip: '10.10.0.50', rootpath: '38.99.2.7:/usr/xen/images/slack' })
  const at = /\d\d:\d\d:\d\d\.\d{3} lan 00:16:3e:00:00:50 menas /.source
  await asText.said(
    new RegExp(`${at}DISCOVER → OFFER to 255\\.255\\.255\\.255\n[\\s\\S]*${at}REQUEST → ACK to`),
  )
  const [line = ''] = await asJson.said(/^\{.*"REQUEST".*\}$/m)
  expect(JSON.parse(line)).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    network: 'lan',
    domain: 'menas',
    mac: MAC,
    from: '0.0.0.0',
    type: 'REQUEST',
    answer: 'ACK',
    to: '255.255.255.255',
  })
  await Promise.all([asText.stop(), asJson.stop()])
})

test('messages are counted by type and result', async () => {
  await lease()
  const socket = ['--unix-socket', join(folder, 'domus.sock')]
  const text = lan.run(lan.host, 'curl', '-sS', ...socket, 'http://domus/metrics')
  expect(text).toMatch(/^domus_dhcp_messages_total\{type="discover",result="offer"\} [1-9]/m)
  expect(text).toMatch(/^domus_dhcp_messages_total\{type="request",result="ack"\} [1-9]/m)
})

test('each stage of a boot is told once, however often the guest asks', async () => {
  await lease()
  await lease()
  const { output } = await domus('timeline', 'menas', '--json')
  const stages = (JSON.parse(output) as { stage: string }[]).map(({ stage }) => stage)
  expect(stages).toEqual(['discover', 'offer', 'request', 'ack'])
})

test('a rival that a guest chose is a finding of verify, and one that a probe finds breaks the link', async () => {
  expect(await dhcpLink('--probe')).toMatchObject({
    status: 'ok',
    detail: expect.stringContaining('the only one'),
  })
  const rival = lan.addMachine('brA', '00:16:3e:00:00:99')
  lan.run(rival, 'ip', 'address', 'add', '10.10.0.99/24', 'dev', 'eth0')
  const dnsmasq = lan.start(
    rival,
    ...[
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--port=0',
      '--user=root',
      '--leasefile-ro',
    ],
    ...['--pid-file', '--interface=eth0', '--bind-dynamic', '--dhcp-range=10.10.0.100,10.10.0.150,1h'],
    ...['--log-facility=-', '--log-dhcp'],
  )
  await dnsmasq.said(/DHCP, (?:IP range|sockets bound)|started/)
  service.signal('SIGSTOP') // so that the rival is the first to answer
  expect(await lease()).toMatchObject({ serverid: '10.10.0.99' })
  service.signal('SIGCONT')
  await service.said(/10\.10\.0\.99 answers on network lan, too/)
  expect(await dhcpLink()).toMatchObject({ status: 'warn', detail: expect.stringContaining('10.10.0.99') })
  expect(await domus('dhcp', 'probe', 'lan')).toMatchObject({
    exitCode: 3,
    output: expect.stringContaining('10.10.0.99'),
  })
  expect(await dhcpLink('--probe', '-f', join(folder, 'site.json'))).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('10.10.0.99 answers DHCP on network lan too'),
  })
})
