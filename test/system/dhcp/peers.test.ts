import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DhcpServerKind, renderDhcp } from '../../../src/dhcp/render.ts'
import { loadTemplates } from '../../../src/templates.ts'
import { guest } from '../../unit/dhcp/builders.ts'
import { type Lease, udhcpc } from './clients.ts'
import { type Lan, openLan } from './lan.ts'
import { type Program, run } from './programs.ts'
import { startResponder } from './responder-process.ts'

/** What `domus render dhcp` writes, read by the servers it is for: the same answers as ours. */

const MAC = '00:16:3e:00:00:50'
const menas = guest({
  network: {
    cidr: '10.10.0.0/24',
    bridge: 'brA',
    gateway: '10.10.0.1',
    dns: ['10.10.0.1', '10.10.0.2'],
    ntp: ['10.10.0.3'],
    domain: 'xen.example',
    mtu: 1400,
    dhcpServer: '10.10.0.1',
    options: {
      'lpr-servers': ['10.10.0.4', '10.10.0.5'],
      'domain-search': ['xen.example', 'example'],
      'default-ip-ttl': 33,
    },
  },
  domain: {
    mac: MAC,
    address: '10.10.0.50',
    options: { 224: 'site text', 121: '10.9.0.0/16 via 10.10.0.9' },
  },
})

const COMPARED = [
  'ip',
  'subnet',
  'router',
  'dns',
  'ntpsrv',
  'domain',
  'hostname',
  'mtu',
  'rootpath',
  'siaddr',
  'lprsrv',
  'search',
  'ipttl',
  'staticroutes',
  'opt224',
] as const
const ASKED = [
  '-O',
  'mtu',
  '-O',
  'lprsrv',
  '-O',
  'search',
  '-O',
  'ipttl',
  '-O',
  'staticroutes',
  '-O',
  '224',
  '-O',
  'ntpsrv',
]

let lan: Lan
let folder: string
let machine: string
let ours: Lease

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'domus-dhcp-'))
  lan = openLan({ name: 'brA', address: '10.10.0.1/24' })
  machine = lan.addMachine('brA', MAC)
  const responder = await startResponder(lan, [menas])
  ours = await lease()
  await responder.stop()
})
afterAll(async () => {
  await lan.close()
  rmSync(folder, { recursive: true })
})

async function lease(): Promise<Lease> {
  const client = udhcpc(lan, machine, ...ASKED)
  const all = await client.lease('bound')
  await client.stop()
  return Object.fromEntries(COMPARED.map((name) => [name, all[name] ?? '']))
}

function write(as: DhcpServerKind): string {
  const file = join(folder, `${as}.conf`)
  writeFileSync(file, renderDhcp(menas.network, [menas], as, loadTemplates('/no/overrides')), { mode: 0o644 })
  return file
}

/** Whole, since npm puts the program of the same name of the package `dhcp` first on the path. */
const DHCPD = '/usr/sbin/dhcpd'

interface Server {
  readonly kind: DhcpServerKind
  check(file: string): string
  start(file: string): Program
  readonly ready: RegExp
}

const servers: Server[] = [
  {
    kind: 'dnsmasq',
    check: (file) => run('dnsmasq', '--test', '-C', file),
    start: (file) =>
      lan.start(
        lan.host,
        'dnsmasq',
        '--keep-in-foreground',
        '-C',
        file,
        '--port=0',
        '--user=root',
        '--leasefile-ro',
        '--pid-file',
        '--log-facility=-',
      ),
    ready: /DHCP, static leases only/,
  },
  {
    kind: 'dhcpd',
    check: (file) => run(DHCPD, '-t', '-cf', file),
    start(file) {
      writeFileSync(join(folder, 'leases'), '')
      return lan.start(
        lan.host,
        DHCPD,
        '-4',
        '-d',
        '-f',
        '-cf',
        file,
        '-lf',
        join(folder, 'leases'),
        '-pf',
        join(folder, 'pid'),
        'brA',
      )
    },
    ready: /Server starting service/,
  },
  {
    kind: 'kea',
    check: (file) => run('kea-dhcp4', '-t', file),
    start: (file) =>
      lan.start(
        lan.host,
        'env',
        `KEA_PIDFILE_DIR=${folder}`,
        `KEA_LOCKFILE_DIR=${folder}`,
        `KEA_DHCP_DATA_DIR=${folder}`,
        'kea-dhcp4',
        '-c',
        file,
      ),
    ready: /DHCP4_STARTED/,
  },
]

test('our own answer has all of it', () => {
  expect(ours).toMatchObject({
    ip: '10.10.0.50',
    siaddr: '38.99.2.7',
    rootpath: '38.99.2.7:/usr/xen/images/slack',
    hostname: 'menas',
    lprsrv: '10.10.0.4 10.10.0.5',
    search: 'xen.example example',
    ipttl: '33',
    staticroutes: '10.9.0.0/16 10.10.0.9 0.0.0.0/0 10.10.0.1',
    opt224: Buffer.from('site text').toString('hex'),
  })
})

describe.each(servers)('$kind', ({ kind, check, start, ready }) => {
  test('takes the text', () => {
    expect(() => check(write(kind))).not.toThrow()
  })

  test('gives udhcpc the same answer as we do', async () => {
    const server = start(write(kind))
    await server.said(ready)
    expect(await lease()).toEqual(ours)
    await server.stop()
  })
})
