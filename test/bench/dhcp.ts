import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Area, type Measured, median } from './area.ts'
import {
  buildLoad,
  type Load,
  layWire,
  type Running,
  requireProgram,
  startServer,
  type Wire,
} from './dhcp-net.ts'
import { peers } from './dhcp-peers.ts'

const CLIENTS = 10_000
const RUNS = 3
const SECONDS = 10

/** 4-way exchanges per second of the server's processor, ours and others', 64 at a time. */
export const area: Area = {
  name: 'dhcp',
  async run(): Promise<Measured> {
    if (process.getuid?.() !== 0) throw new Error('must run as root: it makes network namespaces')
    for (const { program, debianPackage } of Object.values(peers)) requireProgram(program, debianPackage)
    const folder = mkdtempSync(join(tmpdir(), 'domus-bench-'))
    const wire = layWire()
    try {
      return await measureAll({ folder, wire, load: buildLoad(folder) })
    } finally {
      wire.remove()
      rmSync(folder, { recursive: true })
    }
  },
}

interface Bench {
  readonly folder: string
  readonly wire: Wire
  readonly load: ReturnType<typeof buildLoad>
}

async function measureAll(bench: Bench): Promise<Measured> {
  const own = await measure(bench, 'domus', ours(CLIENTS), { mode: 'dora', clients: CLIENTS })
  const rates: Record<string, number> = {}
  for (const [name, peer] of Object.entries(peers)) {
    const argv = peer.configure(bench.folder, bench.wire.device, CLIENTS)
    rates[name] = (await measure(bench, name, argv, { mode: 'dora', clients: CLIENTS })).perCpuSecond
  }
  const echo = await measure(bench, 'echo', node('dhcp-echo.ts'), { mode: 'echo', clients: CLIENTS })
  rates.echo = echo.perCpuSecond / 2 // an exchange is two pairs of datagrams
  const scale = await measureScale(bench)
  const storm = await measureStorm(bench, 1_000)
  return {
    figures: {
      exchangesPerCpuSecond: own.perCpuSecond,
      exchangesPerSecond: own.perSecond,
      p50Ms: own.p50Ms,
      p99Ms: own.p99Ms,
      dropped: own.dropped + scale.dropped,
      wrong: own.wrong + scale.wrong,
      residentMiB10k: own.residentMiB,
      ...Object.fromEntries(Object.entries(rates).map(([name, rate]) => [`${name}PerCpuSecond`, rate])),
      ...scale.figures,
      ...storm,
    },
    ratios: {
      ...Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, own.perCpuSecond / rate])),
      slowestSize: Math.min(...scale.rates) / own.perCpuSecond,
      fastestSize: Math.max(...scale.rates) / own.perCpuSecond,
    },
  }
}

const node = (program: string, ...words: string[]) => [
  process.execPath,
  join(import.meta.dirname, program),
  ...words,
]
const ours = (guests: number) => node('dhcp-server.ts', String(guests))

interface Rate {
  readonly perCpuSecond: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly dropped: number
  readonly wrong: number
  readonly residentMiB: number
}

interface Series {
  readonly mode: 'dora' | 'echo'
  readonly clients: number
  readonly runs?: number
  readonly seconds?: number
}

/** Starts a server, waits until it answers, warms it up and loads it some times; the median of the runs. */
async function measure(bench: Bench, name: string, argv: readonly string[], series: Series): Promise<Rate> {
  const { mode, clients, runs = RUNS, seconds = SECONDS } = series
  const server = await startServer(bench.wire, argv)
  try {
    await untilItAnswers(bench, name, server, mode)
    await bench.load(bench.wire, { mode, clients, seconds: 2 })
    const results: (Load & { readonly cpuSeconds: number })[] = []
    for (let run = 0; run < runs; run++) {
      const before = server.cpuSeconds()
      const result = await bench.load(bench.wire, { mode, clients, seconds })
      results.push({ ...result, cpuSeconds: server.cpuSeconds() - before })
    }
    return rateOf(name, results, seconds, server)
  } finally {
    await server.stop()
  }
}

const PATIENCE_SECONDS = 60

/** One client asks every 20 ms until it has its address; how long that took, in milliseconds. */
async function untilItAnswers(
  bench: Bench,
  name: string,
  server: Running,
  mode: 'dora' | 'echo',
): Promise<number> {
  const began = performance.now()
  for (;;) {
    const { done } = await bench.load(bench.wire, { mode, clients: 1, window: 1, seconds: 0.1, retryMs: 20 })
    if (done > 0) return performance.now() - began
    if (performance.now() - began > PATIENCE_SECONDS * 1000)
      throw new Error(`${name} does not answer: ${server.said()}`)
  }
}

function rateOf(
  name: string,
  results: readonly (Load & { readonly cpuSeconds: number })[],
  seconds: number,
  server: Running,
): Rate {
  const of = (value: (result: Load & { readonly cpuSeconds: number }) => number) => median(results.map(value))
  const sum = (value: (result: Load) => number) => results.reduce((total, one) => total + value(one), 0)
  const rate = {
    perCpuSecond: of(({ done, cpuSeconds }) => done / cpuSeconds),
    perSecond: of(({ done }) => done / seconds),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    dropped: sum(({ dropped }) => dropped),
    wrong: sum(({ wrong, refused }) => wrong + refused),
    residentMiB: server.residentMiB(),
  }
  const shown = Object.entries(rate).map(([key, value]) => `${key} ${Number(value.toPrecision(4))}`)
  console.error(`  ${name}: ${shown.join(', ')}`)
  return rate
}

/** The same load with inventories of other sizes; with the largest, how soon the first answer comes. */
async function measureScale(bench: Bench) {
  const rates: Rate[] = []
  for (const clients of [100, 1_000, 100_000]) {
    rates.push(
      await measure(bench, `domus with ${clients}`, ours(clients), { mode: 'dora', clients, seconds: 5 }),
    )
  }
  const [hundred, thousand, hundredThousand] = rates
  return {
    rates: rates.map(({ perCpuSecond }) => perCpuSecond),
    dropped: rates.reduce((total, { dropped }) => total + dropped, 0),
    wrong: rates.reduce((total, { wrong }) => total + wrong, 0),
    figures: {
      perCpuSecond100: hundred?.perCpuSecond ?? Number.NaN,
      perCpuSecond1k: thousand?.perCpuSecond ?? Number.NaN,
      perCpuSecond100k: hundredThousand?.perCpuSecond ?? Number.NaN,
      residentMiB100k: hundredThousand?.residentMiB ?? Number.NaN,
      firstAnswerMs100k: await measureStart(bench, 100_000),
    },
  }
}

/** From the start of the process to the first client that has its address. */
async function measureStart(bench: Bench, guests: number): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const server = await startServer(bench.wire, ours(guests))
    try {
      times.push(await untilItAnswers(bench, 'domus', server, 'dora'))
    } finally {
      await server.stop()
    }
  }
  return median(times)
}

/** All clients at once, each a kernel that broadcasts: until the last has its address. */
async function measureStorm(bench: Bench, clients: number) {
  const server = await startServer(bench.wire, ours(CLIENTS))
  try {
    await untilItAnswers(bench, 'domus', server, 'dora')
    const { done, dropped, wrong, maxMs } = await bench.load(bench.wire, {
      mode: 'storm',
      clients,
      seconds: 10,
    })
    if (done !== clients || wrong > 0)
      throw new Error(`storm: ${done} of ${clients} clients booted, ${wrong} wrong`)
    return { stormLastMs: maxMs, stormRepeats: dropped }
  } finally {
    await server.stop()
  }
}
