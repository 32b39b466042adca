import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatIpv4, parseIpv4 } from '../../../src/model/address.ts'
import type { Guest } from '../../../src/model/inventory.ts'
import { guest } from '../../unit/dhcp/builders.ts'
import { type Lan, openLan } from './lan.ts'
import { run } from './programs.ts'
import { type ResponderProcess, startResponder } from './responder-process.ts'

/** Many guests at once, and the kernel's client in the state it cannot leave by itself. */

const CLIENTS = 1_000
const FIRST_MAC = 0x00163e000000
const FIRST_ADDRESS = '10.10.4.0'

const network = guest({
  network: { cidr: '10.10.0.0/16', bridge: 'brA', gateway: '10.10.0.1', dns: [], dhcpServer: '10.10.0.1' },
}).network

const guests: Guest[] = Array.from({ length: CLIENTS }, (_, at) => {
  const hex = (FIRST_MAC + at).toString(16).padStart(12, '0')
  const domain = {
    name: `guest${at}`,
    mac: hex.replace(/..(?=.)/g, '$&:'),
    address: formatIpv4(parseIpv4(FIRST_ADDRESS) + at),
  }
  return { ...guest({ domain }), network }
})

let lan: Lan
let machine: string
let folder: string
let responder: ResponderProcess

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'domus-dhcp-'))
  run('gcc', '-O2', '-o', join(folder, 'dhcpload'), join(import.meta.dirname, '../../bench/dhcpload.c'))
  lan = openLan({ name: 'brA', address: '10.10.0.1/16' })
  machine = lan.addMachine('brA', '00:16:3e:ff:ff:ff')
  responder = await startResponder(lan, guests, { watch: false })
})
afterAll(async () => {
  await lan.close()
  rmSync(folder, { recursive: true })
})

/** Every client once, all at the same moment, as kernels do: broadcasts of 548 bytes. */
const storm = (seconds: number, retryMs: number) =>
  lan.start(
    machine,
    ...[join(folder, 'dhcpload'), 'storm', '--device', 'eth0', '--clients', String(CLIENTS)],
    ...['--first-mac', FIRST_MAC.toString(16), '--first-ip', FIRST_ADDRESS],
    ...['--seconds', String(seconds), '--retry-ms', String(retryMs)],
  )

async function resultOf(program: ReturnType<typeof storm>): Promise<Record<string, number>> {
  expect(await program.ended()).toBe(0)
  return JSON.parse(program.output()) as Record<string, number>
}

test('a thousand kernels that boot at once are all answered within two seconds', async () => {
  const { done, wrong, maxMs } = await resultOf(storm(10, 1000))
  expect({ done, wrong }).toEqual({ done: CLIENTS, wrong: 0 })
  expect(maxMs).toBeLessThan(2_000)
})

test('stopped for 20 s under a storm, we answer what the buffer held', async () => {
  responder.signal('SIGSTOP')
  const unanswered = storm(30, 60_000) // nobody asks again
  await new Promise((resolve) => setTimeout(resolve, 20_000)) // the time is what is tested
  responder.signal('SIGCONT')
  const { done = 0, wrong } = await resultOf(unanswered)
  expect(wrong).toBe(0)
  // The usual limit of 212 992 bytes (net.core.rmem_max) holds some 160 messages of 548 bytes, 4 MiB holds them all.
  expect(done).toBeGreaterThanOrEqual(100)
})

test('the small buffer is warned of, where there is one', () => {
  const limit = Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'))
  const warnings = responder.events().filter((event) => event.kind === 'warning')
  expect(warnings.length).toBe(limit < 4 << 20 ? 1 : 0)
})

test('a kernel that is stuck with 255.255.255.255 is sent back to its DISCOVER', async () => {
  const stuck = new URL('stuck-client.ts', import.meta.url).pathname
  const mac = guests[0]?.domain.mac ?? ''
  lan.run(machine, 'ip', 'address', 'add', '10.10.9.9/16', 'dev', 'eth0')
  const heard = lan.run(machine, process.execPath, stuck, mac, '10.10.0.99', '10.10.9.9')
  expect(JSON.parse(heard)).toEqual({
    type: 'NAK',
    serverId: '10.10.0.1',
    yiaddr: '0.0.0.0',
    to: '255.255.255.255',
  })
})
