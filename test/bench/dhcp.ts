import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
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
import { measureService } from './dhcp-service.ts'
import { measureUpdate } from './dhcp-update.ts'

const CLIENTS = 10_000
const ROUNDS = 3
const ROUNDS_MS = 540_000 // on a slow machine there are fewer
const SECONDS = 10

/** 4-way exchanges per second of the server's processor, ours and others', 64 at a time. */
export const area: Area = {
  name: 'dhcp',
  async run(): Promise<Measured> {
    if (process.getuid?.() !== 0) throw new Error('must run as root: it makes network namespaces')
    for (const { program, debianPackage } of Object.values(peers)) requireProgram(program, debianPackage)
    const folder = mkdtempSync(join(tmpdir(), 'domus-bench-'))
    const [wire, ownWire] = [layWire('s'), layWire('o')]
    try {
      const load = buildLoad(folder)
      return await measureAll({ wire, load }, { wire: ownWire, load }, subjectsOf(folder, wire))
    } finally {
      wire.remove()
      ownWire.remove()
      rmSync(folder, { recursive: true })
    }
  },
}

interface Bench {
  readonly wire: Wire
  readonly load: ReturnType<typeof buildLoad>
}

/** A server with so many reservations. */
interface Subject {
  readonly name: string
  readonly argv: readonly string[]
  readonly mode: 'dora' | 'echo'
  readonly clients: number
  readonly seconds: number
}

const node = (program: string, ...words: string[]) => [
  process.execPath,
  join(import.meta.dirname, program),
  ...words,
]

const domus = (name: string, clients: number, seconds: number): Subject => {
  const argv = node('dhcp-server.ts', String(clients))
  return { name, argv, mode: 'dora', clients, seconds }
}

const OWN = domus('domus', CLIENTS, SECONDS)
const SIZES = [domus('domus100', 100, 5), domus('domus1k', 1_000, 5), domus('domus100k', 100_000, 5)]

function subjectsOf(folder: string, { device }: Wire): readonly Subject[] {
  const others = Object.entries(peers).map(([name, peer]): Subject => {
    const argv = peer.configure(folder, device, CLIENTS)
    return { name, argv, mode: 'dora', clients: CLIENTS, seconds: SECONDS }
  })
  const echo = {
    name: 'echo',
    argv: node('dhcp-echo.ts'),
    mode: 'echo',
    clients: CLIENTS,
    seconds: SECONDS,
  } as const
  return [...others, echo, ...SIZES]
}

/** What was measured of ours that runs all the time, and of the others. */
interface Rounds {
  readonly rounds: readonly ReadonlyMap<string, Pair>[]
  readonly residentMiB10k: number
  readonly firstAnswerMs10k: number
}

/**
 * One after the other, again and again. Ours runs all the time, in a network of its own, and is loaded right before and
 * after each other one: the same processor does a third more or less from one minute to the next, and so that meets both.
 */
async function playRounds(bench: Bench, ownBench: Bench, subjects: readonly Subject[]): Promise<Rounds> {
  const own = await begin(ownBench, OWN)
  try {
    const rounds: ReadonlyMap<string, Pair>[] = []
    const began = performance.now()
    for (let round = 1; round <= ROUNDS; round++) {
      const spent = performance.now() - began
      if (spent + spent / Math.max(round - 1, 1) > ROUNDS_MS) break
      console.error(`  round ${round} of ${ROUNDS}`)
      const pairs = new Map<string, Pair>()
      for (const subject of subjects) {
        const before = await rate(ownBench, { ...OWN, seconds: subject.seconds / 2 }, own)
        const theirs = await measure(bench, subject)
        const after = await rate(ownBench, { ...OWN, seconds: subject.seconds / 2 }, own)
        pairs.set(subject.name, { before, theirs, after })
      }
      rounds.push(pairs)
    }
    return { rounds, residentMiB10k: own.server.residentMiB(), firstAnswerMs10k: own.firstAnswerMs }
  } finally {
    await own.server.stop()
  }
}

async function measureAll(bench: Bench, ownBench: Bench, subjects: readonly Subject[]): Promise<Measured> {
  const { rounds, residentMiB10k, firstAnswerMs10k } = await playRounds(bench, ownBench, subjects)
  const pairsOf = (name: string) => rounds.flatMap((pairs) => pairs.get(name) ?? [])
  const of = (name: string, value: (rate: Rate) => number) =>
    median(pairsOf(name).map(({ theirs }) => value(theirs)))
  const ratio = (name: string) =>
    median(
      pairsOf(name).map(
        ({ before, theirs, after }) => (before.perCpuSecond + after.perCpuSecond) / 2 / theirs.perCpuSecond,
      ),
    )
  const allOwn = subjects.flatMap(({ name }) => pairsOf(name).flatMap(({ before, after }) => [before, after]))
  const ofOwn = (value: (rate: Rate) => number) => median(allOwn.map(value))
  const ownRates = [...allOwn, ...SIZES.flatMap(({ name }) => pairsOf(name).map(({ theirs }) => theirs))]
  const sum = (value: (rate: Rate) => number) => ownRates.reduce((total, rate) => total + value(rate), 0)
  return {
    figures: {
      exchangesPerSecond: ofOwn(({ perSecond }) => perSecond),
      p50Ms: ofOwn(({ p50Ms }) => p50Ms),
      p99Ms: ofOwn(({ p99Ms }) => p99Ms),
      dropped: sum(({ dropped }) => dropped),
      wrong: sum(({ wrong }) => wrong),
      residentMiB10k,
      residentMiB100k: of('domus100k', ({ residentMiB }) => residentMiB),
      firstAnswerMs10k,
      firstAnswerMs100k: of('domus100k', ({ firstAnswerMs }) => firstAnswerMs),
      loadedMs100k: of('domus100k', ({ loadedMs }) => loadedMs),
      ...namedUpdate(await measureUpdate(CLIENTS)),
      serviceResidentMiB10k: await measureOwnService(bench),
      ...(await measureStorm(bench, 1_000)),
      domusPerCpuSecond: ofOwn(({ perCpuSecond }) => perCpuSecond),
      ...Object.fromEntries(
        subjects.map(({ name }) => [`${name}PerCpuSecond`, of(name, ({ perCpuSecond }) => perCpuSecond)]),
      ),
    },
    ratios: {
      ...Object.fromEntries([...Object.keys(peers), 'echo'].map((name) => [name, ratio(name)])),
      // Other sizes against 10 000: 1 is as fast.
      ...Object.fromEntries(SIZES.map(({ name }) => [name.replace('domus', 'size'), 1 / ratio(name)])),
    },
  }
}

const namedUpdate = ({ p50Ms, p99Ms }: Awaited<ReturnType<typeof measureUpdate>>) => ({
  updateP50Ms10k: p50Ms,
  updateP99Ms10k: p99Ms,
})

interface Rate {
  /** Of the server's processor; an echo of one datagram is half an exchange of two. */
  readonly perCpuSecond: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly dropped: number
  readonly wrong: number
  readonly residentMiB: number
  /** From the start of the process to the first client that has its address. */
  readonly firstAnswerMs: number
  /** From the start of the process until all guests are known; NaN for those that do not say. */
  readonly loadedMs: number
}

/** Another server, and ours right before and after it. */
interface Pair {
  readonly before: Rate
  readonly theirs: Rate
  readonly after: Rate
}

/** A server that answers and is warm. */
interface Begun {
  readonly server: Running
  readonly firstAnswerMs: number
}

const WARM_UP_SECONDS = 3
const BOOTS_PER_SECOND = 15_000 // at least: each guest is to have booted once, which is told of and so takes longer

/** Starts a server, waits until it answers, and warms it up. */
async function begin(bench: Bench, { name, argv, mode, clients }: Subject): Promise<Begun> {
  const server = await startServer(bench.wire, argv)
  try {
    const firstAnswerMs = await untilItAnswers(bench, server, name, mode)
    if (argv[1] === OWN.argv[1]) await untilLoaded(server, name)
    const seconds = Math.max(WARM_UP_SECONDS, clients / BOOTS_PER_SECOND)
    await bench.load(bench.wire, { mode, clients, seconds })
    return { server, firstAnswerMs }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** Loads a server for a while. */
async function rate(
  { wire, load }: Bench,
  subject: Subject,
  { server, firstAnswerMs }: Begun,
): Promise<Rate> {
  const before = server.cpuSeconds()
  const result = await load(wire, subject)
  const cpuSeconds = server.cpuSeconds() - before
  const found = {
    ...rateOf(result, subject, cpuSeconds),
    residentMiB: server.residentMiB(),
    firstAnswerMs,
    loadedMs: loadedMsOf(server),
  }
  const shown = Object.entries(found).map(([key, value]) => `${key} ${Number(value.toPrecision(4))}`)
  console.error(`  ${subject.name}: ${shown.join(', ')}`)
  return found
}

/** Starts a server, loads it, and ends it. */
async function measure(bench: Bench, subject: Subject): Promise<Rate> {
  const begun = await begin(bench, subject)
  try {
    return await rate(bench, subject, begun)
  } finally {
    await begun.server.stop()
  }
}

function rateOf(result: Load, { mode, seconds }: Subject, cpuSeconds: number) {
  const exchanges = mode === 'echo' ? result.done / 2 : result.done
  return {
    perCpuSecond: exchanges / cpuSeconds,
    perSecond: exchanges / seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    dropped: result.dropped,
    wrong: result.wrong + result.refused,
  }
}

const PATIENCE_MS = 60_000

/** One client asks every 20 ms until it has its address; milliseconds since the call. */
async function untilItAnswers(
  { wire, load }: Bench,
  server: Running,
  name: string,
  mode: 'dora' | 'echo',
): Promise<number> {
  const began = performance.now()
  for (;;) {
    const { done } = await load(wire, { mode, clients: 1, window: 1, seconds: 0.1, retryMs: 20 })
    if (done > 0) return performance.now() - began
    if (performance.now() - began > PATIENCE_MS) throw new Error(`${name} does not answer: ${server.said()}`)
  }
}

const loadedMsOf = (server: Running) => Number(/loaded in (\d+) ms/.exec(server.said())?.[1])

/** Waits until our responder knows all its guests: the first of them have their answers before. */
async function untilLoaded(server: Running, name: string): Promise<void> {
  const began = performance.now()
  while (Number.isNaN(loadedMsOf(server))) {
    if (performance.now() - began > PATIENCE_MS) throw new Error(`${name} does not load: ${server.said()}`)
    await setTimeout(20)
  }
}

/** The whole service, after each of its guests has booted. */
function measureOwnService({ wire, load }: Bench): Promise<number> {
  return measureService(wire, CLIENTS, async (server) => {
    await untilItAnswers({ wire, load }, server, 'domus serve', 'dora')
    await load(wire, { mode: 'dora', clients: CLIENTS, seconds: WARM_UP_SECONDS })
  })
}

/** All clients at once, each a kernel that broadcasts: until the last has its address. */
async function measureStorm({ wire, load }: Bench, clients: number) {
  const server = await startServer(wire, OWN.argv)
  try {
    await untilLoaded(server, OWN.name)
    const { done, dropped, wrong, maxMs } = await load(wire, { mode: 'storm', clients, seconds: 10 })
    if (done !== clients || wrong > 0)
      throw new Error(`storm: ${done} of ${clients} clients booted, ${wrong} wrong`)
    // What does not fit into the socket's buffer is asked for again a second later: this decides more than we do.
    const bufferBytes = Math.min(4 << 20, Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8')))
    return { stormLastMs: maxMs, stormRepeats: dropped, stormBufferBytes: bufferBytes }
  } finally {
    await server.stop()
  }
}
