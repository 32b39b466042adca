import { readFileSync } from 'node:fs'
import { verifyGuest } from '../../src/boot/chain.ts'
import { composeCmdline } from '../../src/boot/cmdline.ts'
import { loadKernelData } from '../../src/kernel-data.ts'
import { type Guest, guestOf, type Inventory } from '../../src/model/inventory.ts'
import { optionsOf } from '../../src/nfs/linux-file.ts'
import type { Tools } from '../../src/service/app.ts'
import { gatherBootFacts } from '../../src/service/boot-facts.ts'
import { requireDocument } from '../../src/service/document.ts'
import { verifyDomains } from '../../src/service/verify.ts'
import { loadTemplates } from '../../src/templates.ts'
import { installExportfs } from '../fakes/exportfs.ts'
import { MemoryMachine, memoryMachines } from '../fakes/memory-machine.ts'
import { type Area, timeMs } from './area.ts'

// What verify costs besides the commands it runs: these answer at once with what real ones have printed, for a site
// of 1000 guests on ten hosts, half of them running.

const GUESTS = 1000
const HOSTS = 10
const recorded = (name: string) =>
  readFileSync(new URL(`../fixtures/xl-4.17/${name}`, import.meta.url), 'utf8')

export const area: Area = {
  name: 'verify',
  async run() {
    const inventory = requireDocument(documentOf(), { site: 'bench' })
    const tools = toolsFor(inventory)
    const claims = { kind: 'known', value: [] } as const
    const verify = (names: readonly string[] | 'all') =>
      verifyDomains(tools, inventory, names, { claims, mount: names !== 'all' })
    const guests = [...inventory.domains.values()].map((domain) => guestOf(inventory, domain))
    const factsOf = await gatherBootFacts(tools, inventory, guests, { claims })
    return {
      figures: {
        verifyOneMs: await timeMs(9, () => verify(['web7'])),
        verifyAll1000Ms: await timeMs(5, () => verify('all')),
        verifyAll1000CpuMs: await cpuMs(() => verify('all')),
        judge1000FromFactsMs: await timeMs(5, () =>
          guests.map((guest) => verifyGuest(guest, factsOf(guest))),
        ),
      },
      ratios: {},
    }
  },
}

/** Milliseconds of processor time, which other work on the machine does not change much. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** A site of so many guests, half of them on one shared image, half on roots of their own. */
function documentOf(): unknown {
  const at = Array.from({ length: GUESTS }, (_one, index) => index)
  return {
    site: 'bench',
    networks: [{ name: 'lan', cidr: '10.0.0.0/8', gateway: '10.255.255.254', dns: ['10.255.255.253'] }],
    servers: [{ name: 'filer', address: '10.255.255.252' }],
    images: [
      { name: 'base', server: 'filer', path: '/srv/images/base', sharing: 'shared' },
      ...at
        .filter((index) => index % 2 === 1)
        .map((index) => ({ name: `root${index}`, server: 'filer', path: `/srv/roots/root${index}` })),
    ],
    kernels: [{ name: 'k', path: '/boot/k', type: 'pv' }],
    hosts: Array.from({ length: HOSTS }, (_one, index) => ({
      name: `h${index}`,
      machine: `ssh://h${index}`,
    })),
    domains: at.map((index) => ({
      name: `web${index}`,
      image: index % 2 === 0 ? 'base' : `root${index}`,
      host: `h${index % HOSTS}`,
      boot: index % 3 === 0 ? 'dhcp' : 'static',
      memoryMiB: 256,
    })),
  }
}

function toolsFor(inventory: Inventory): Tools {
  const templates = loadTemplates('/nonexistent')
  const guests = [...inventory.domains.values()].map((domain) => guestOf(inventory, domain))
  const filer = new MemoryMachine()
  const hosts = [...inventory.hosts.values()].map((host) => {
    const machine = new MemoryMachine(host.machine)
    const here = guests.filter((guest) => guest.host.name === host.name)
    for (const guest of here)
      machine.put(`/etc/xen/${guest.domain.name}.cfg`, templates.domainXl(guest, composeCmdline(guest)))
    installHost(machine, here)
    return machine
  })
  installServer(filer, guests)
  return {
    machines: memoryMachines(filer, ...hosts),
    templates,
    site: 'bench',
    isolation: 'warn',
    kernelData: () => loadKernelData(),
    unpackers: {},
    dhcp: { ports: { server: 67, client: 68 }, rivals: () => [], silence: () => undefined },
    verdicts: { get: () => VERDICT, put: () => undefined },
    now: () => new Date(),
    note: () => undefined,
    close: async () => undefined,
  }
}

const VERDICT = {
  path: '/boot/k',
  version: '6.1.0',
  arch: 'x86_64',
  source: 'config',
  verdict: 'in-kernel',
  boots: { pv: true, pvh: true },
  migrates: true,
  findings: [],
  fragment: '',
} as const

function installHost(machine: MemoryMachine, guests: readonly Guest[]) {
  const list = JSON.stringify(
    guests
      .filter((_guest, at) => at % 2 === 0)
      .map((guest, at) => ({
        domid: at + 1,
        config: {
          c_info: { type: 'pv', name: guest.domain.name, uuid: guest.domain.uuid },
          b_info: { target_memkb: 262_144, cmdline: composeCmdline(guest) },
          nics: [{ mac: guest.domain.mac, bridge: 'xenbr0' }],
        },
      })),
  )
  const info = recorded('info.txt')
  machine.put('/etc/xen/scripts/vif-bridge', '')
  machine.programs.set('xl', (argv) => ({ stdout: argv[1] === 'info' ? info : list }))
  machine.programs.set('sh', () => ({ stdout: '/sys/class/net/xenbr0/bridge\n' }))
  machine.programs.set('timeout', () => ({ stdout: 'yes yes yes\n' }))
  machine.programs.set('bash', () => ({ stdout: 'ok\tit lets the guest mount\n' }))
  machine.programs.set('sha256sum', () => ({ stdout: 'f00 /boot/k\n' }))
}

function installServer(machine: MemoryMachine, guests: readonly Guest[]) {
  machine.programs.set('sh', () => ({ stdout: 'init /sbin/init IyEvYmluL3NoCg==\n' }))
  const live = installExportfs(machine)
  for (const { image, domain } of guests) {
    const access = image.sharing === 'shared' ? 'ro' : 'rw'
    const entry = { path: image.path, client: domain.address, access } as const
    live.set(`${entry.path} ${entry.client}`, optionsOf(entry))
  }
}
