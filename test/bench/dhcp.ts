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
const ROUNDS_MS = 480_000 // on a slow machine there are fewer: the whole is to end within ten minutes
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
      return await measureAll({ wire, load: buildLoad(folder) }, subjectsOf(folder, wire))
    } finally {
      wire.remove()
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
  return [OWN, ...others, echo, ...SIZES]
}

/** One after the other, again and again: what else the machine does meets all alike. */
async function measureAll(bench: Bench, subjects: readonly Subject[]): Promise<Measured> {
  const rounds: ReadonlyMap<string, Rate>[] = []
  const began = performance.now()
  for (let round = 1; round <= ROUNDS; round++) {
    const spent = performance.now() - began
    if (spent + spent / Math.max(round - 1, 1) > ROUNDS_MS) break
    console.error(`  round ${round} of ${ROUNDS}`)
    const rates = new Map<string, Rate>()
    for (const subject of subjects) rates.set(subject.name, await measure(bench, subject))
    rounds.push(rates)
  }
  const of = (name: string, value: (rate: Rate) => number) =>
    median(rounds.map((rates) => value(rates.get(name) ?? NO_RATE)))
  const ratio = (name: string) => median(rounds.map((rates) => speed(rates, OWN.name) / speed(rates, name)))
  const ownRates = rounds.flatMap((rates) => [OWN, ...SIZES].map(({ name }) => rates.get(name) ?? NO_RATE))
  const sum = (value: (rate: Rate) => number) => ownRates.reduce((total, rate) => total + value(rate), 0)
  return {
    figures: {
      exchangesPerSecond: of(OWN.name, ({ perSecond }) => perSecond),
      p50Ms: of(OWN.name, ({ p50Ms }) => p50Ms),
      p99Ms: of(OWN.name, ({ p99Ms }) => p99Ms),
      dropped: sum(({ dropped }) => dropped),
      wrong: sum(({ wrong }) => wrong),
      residentMiB10k: of(OWN.name, ({ residentMiB }) => residentMiB),
      residentMiB100k: of('domus100k', ({ residentMiB }) => residentMiB),
      firstAnswerMs10k: of(OWN.name, ({ firstAnswerMs }) => firstAnswerMs),
      firstAnswerMs100k: of('domus100k', ({ firstAnswerMs }) => firstAnswerMs),
      loadedMs100k: of('domus100k', ({ loadedMs }) => loadedMs),
      ...namedUpdate(await measureUpdate(CLIENTS)),
      serviceResidentMiB10k: await measureOwnService(bench),
      ...(await measureStorm(bench, 1_000)),
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

const NO_RATE: Rate = {
  perCpuSecond: Number.NaN,
  perSecond: Number.NaN,
  p50Ms: Number.NaN,
  p99Ms: Number.NaN,
  dropped: Number.NaN,
  wrong: Number.NaN,
  residentMiB: Number.NaN,
  firstAnswerMs: Number.NaN,
  loadedMs: Number.NaN,
}

const speed = (rates: ReadonlyMap<string, Rate>, name: string) => rates.get(name)?.perCpuSecond ?? Number.NaN

const WARM_UP_SECONDS = 3

/** Starts a server, waits until it answers, warms it up and loads it. */
async function measure({ wire, load }: Bench, subject: Subject): Promise<Rate> {
  const { name, argv, mode, clients, seconds } = subject
  const server = await startServer(wire, argv)
  try {
    const firstAnswerMs = await untilItAnswers({ wire, load }, server, name, mode)
    if (argv[1] === OWN.argv[1]) await untilLoaded(server, name)
    await load(wire, { mode, clients, seconds: WARM_UP_SECONDS })
    const before = server.cpuSeconds()
    const result = await load(wire, { mode, clients, seconds })
    const cpuSeconds = server.cpuSeconds() - before
    const loadedMs = loadedMsOf(server)
    const rate = {
      ...rateOf(result, subject, cpuSeconds),
      residentMiB: server.residentMiB(),
      firstAnswerMs,
      loadedMs,
    }
    const shown = Object.entries(rate).map(([key, value]) => `${key} ${Number(value.toPrecision(4))}`)
    console.error(`  ${name}: ${shown.join(', ')}`)
    return rate
  } finally {
    await server.stop()
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
