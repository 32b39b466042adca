import type { Machine } from '../../src/machine/machine.ts'
import type { Inventory } from '../../src/model/inventory.ts'
import { entriesOf } from '../../src/nfs/entries.ts'
import { parseDropIn, renderDropIn } from '../../src/nfs/linux-file.ts'
import { owner, serverIn } from '../builders/exports.ts'
import {
  domainDocument,
  imageDocument,
  inventoryOf,
  networkDocument,
  serverDocument,
  siteDocument,
} from '../builders/site.ts'
import { carryOut, exportAll, planOn, stepOf } from '../system/nfs/exporting.ts'
import { openClient, openNetwork, startDaemon } from '../system/nfs/network.ts'
import { openSandbox, type Sandbox } from '../system/nfs/sandbox.ts'
import { type Area, type Measured, timeMs } from './area.ts'

/** One more export at 10 and at 10 000, a thousand in one plan, and what mountd's clients see of that. */
export const area: Area = { name: 'exports', run }

async function run(): Promise<Measured> {
  if (process.getuid?.() !== 0) throw new Error('needs root, for name spaces; run it with sudo')
  const pure = await measurePure()
  const small = await measureOneMore(10)
  const large = await measureOneMore(10_000)
  const thousand = await measureThousand()
  return {
    figures: {
      ...pure,
      ...named(small, '10'),
      ...named(large, '10000'),
      ...thousand,
    },
    ratios: {
      'commands 10000/10': large.commands / small.commands,
      'writes 10000/10': large.writes / small.writes,
      'bytes written / file 10000': large.bytesWritten / large.fileBytes,
      // Both read and write texts of that length: ours may not grow faster than exportfs' own work does.
      'growth of ours / growth of exportfs -ra':
        large.oursMs / small.oursMs / (large.exportfsRaMs / small.exportfsRaMs),
      'ours / exportfs -ra, 10000': large.oursMs / large.exportfsRaMs,
      'whole / exportfs -ra, 10': small.wholeMs / small.exportfsRaMs,
      'whole / exportfs -ra, 10000': large.wholeMs / large.exportfsRaMs,
    },
  }
}

const named = (figures: object, size: string) =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${name} at ${size}`, value as number]))

/** A site of so many guests, each with a root of its own below /srv/xen. */
function siteOf(count: number): Inventory {
  const numbers = Array.from({ length: count }, (_, at) => at)
  return inventoryOf(
    siteDocument({
      networks: [
        networkDocument({
          cidr: '10.0.0.0/8',
          gateway: '10.255.255.254',
          range: undefined,
          dns: [],
          dhcpServer: undefined,
        }),
      ],
      servers: [serverDocument({ address: '10.255.255.253' })],
      images: numbers.map((at) => imageDocument({ name: `root${at}`, path: `/srv/xen/root${at}` })),
      domains: numbers.map((at) =>
        domainDocument({
          name: `guest${at}`,
          image: `root${at}`,
          address: `10.0.${Math.floor(at / 250)}.${(at % 250) + 1}`,
        }),
      ),
    }),
  )
}

async function withServer<T>(inventory: Inventory, work: (server: Sandbox) => Promise<T>): Promise<T> {
  const server = await openSandbox()
  try {
    const paths = [...inventory.images.values()].map(({ path }) => path)
    await server.machine.run(['xargs', 'mkdir', '-p'], { input: paths.join('\n') })
    return await work(server)
  } finally {
    await server.close()
  }
}

async function measurePure() {
  const inventory = siteOf(20_000)
  const entries = entriesOf(serverIn(inventory), inventory)
  const text = renderDropIn(owner, entries)
  return {
    'entries of 20000 domains, ms': await timeMs(5, () => entriesOf(serverIn(inventory), inventory)),
    'render 20000 entries, ms': await timeMs(5, () => renderDropIn(owner, entries)),
    'parse 20000 entries, ms': await timeMs(5, () => parseDropIn(text, 'book')),
  }
}

/** Adds one guest to so many; plan included. */
async function measureOneMore(count: number) {
  const whole = siteOf(count + 1)
  const [last] = [...whole.domains.keys()].slice(-1)
  const domains = new Map([...whole.domains].filter(([name]) => name !== last))
  return withServer(whole, async (server) => {
    await exportAll(server.machine, { ...whole, domains })
    const meter = metered(server.machine)
    const began = performance.now()
    const plan = await planOn(meter.machine, whole)
    await carryOut(meter.machine, stepOf(plan))
    const wholeMs = performance.now() - began
    const exportfsRaMs = await timeMs(3, () => server.machine.run(['exportfs', '-ra']))
    return {
      commands: meter.commands,
      writes: meter.writes,
      bytesWritten: meter.bytesWritten,
      fileBytes: (await server.sh('cat /etc/exports.d/domus.exports')).length,
      oursMs: wholeMs - meter.awayMs(),
      wholeMs,
      exportfsRaMs,
    }
  })
}

/** A thousand new exports in one plan, while a guest asks mountd for its root again and again. */
async function measureThousand() {
  const inventory = siteOf(1001)
  const first = { ...inventory, domains: new Map([...inventory.domains].slice(0, 1)) }
  return withServer(inventory, async (server) => {
    await openNetwork(server)
    await exportAll(server.machine, first)
    const rpcbind = startDaemon(server, ['rpcbind', '-f', '-w'])
    await server.sh('timeout 20 sh -c "until rpcinfo -p 127.0.0.1 >/dev/null 2>&1; do :; done"')
    const mountd = startDaemon(server, ['rpc.mountd', '-F', '-d', 'all', '-p', '20048'])
    await server.sh('timeout 20 sh -c "until rpcinfo -t 127.0.0.1 mountd 3 >/dev/null 2>&1; do :; done"')
    const guest = await openClient(server, '38.99.2.222')
    const quiet = await longestAnswer(() => guest.run(['showmount', '-e', '38.99.2.7']), timer(2000))
    const meter = metered(server.machine)
    const began = performance.now()
    const change = (async () => carryOut(meter.machine, stepOf(await planOn(meter.machine, inventory))))()
    const busy = await longestAnswer(() => guest.run(['showmount', '-e', '38.99.2.7']), change)
    await change
    const wholeMs = performance.now() - began
    await guest.close()
    await mountd.close()
    await rpcbind.close()
    return {
      '1000 in one plan: ours, ms': wholeMs - meter.awayMs(),
      '1000 in one plan: whole, ms': wholeMs,
      '1000 in one plan: commands': meter.commands,
      '1000 in one plan: dry runs': meter.dryRuns,
      '1000 in one plan: renames': meter.writes,
      'mountd, longest answer while 1000 come, ms': busy,
      'mountd, longest answer when quiet, ms': quiet,
    }
  })
}

const timer = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function longestAnswer(ask: () => Promise<unknown>, until: Promise<unknown>): Promise<number> {
  let isOver = false
  const ended = until.finally(() => {
    isOver = true
  })
  let longest = 0
  while (!isOver) {
    const began = performance.now()
    await ask()
    longest = Math.max(longest, performance.now() - began)
  }
  await ended
  return longest
}

/** Counts what is done on a machine, and the time that passes while at least one thing is being done there. */
function metered(machine: Machine) {
  const counts = { commands: 0, writes: 0, bytesWritten: 0, dryRuns: 0 }
  let active = 0
  let since = 0
  let away = 0
  const watch = async <T>(work: Promise<T>): Promise<T> => {
    if (active++ === 0) since = performance.now()
    try {
      return await work
    } finally {
      if (--active === 0) away += performance.now() - since
    }
  }
  const watched: Machine = {
    ...machine,
    run(argv, options) {
      counts.commands++
      if (argv.at(-1)?.includes('=exit')) counts.dryRuns++
      return watch(machine.run(argv, options))
    },
    readFile: (path) => watch(machine.readFile(path)),
    writeFile(path, file) {
      counts.writes++
      counts.bytesWritten += Buffer.byteLength(file.content)
      return watch(machine.writeFile(path, file))
    },
    lock: async (...args) => {
      const unlock = await watch(machine.lock(...args))
      return () => watch(unlock())
    },
  }
  return Object.assign(counts, { machine: watched, awayMs: () => away })
}
