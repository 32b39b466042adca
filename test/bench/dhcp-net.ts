import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Two network namespaces joined by a wire: the server's and the clients'. Needs root. */
export interface Wire {
  readonly server: string
  readonly client: string
  /** Name of the wire's end in either namespace. */
  readonly device: string
  remove(): void
}

export const SERVER = '10.64.0.1'
export const RELAY = '10.64.0.2'
export const CIDR = '10.64.0.0/12'
export const NETMASK = '255.240.0.0'
export const FIRST_ADDRESS = '10.65.0.0'
export const FIRST_MAC = 0x00163e000000

/** Lays a wire, one of several under its letter; both ends have their address. */
export function layWire(letter = 's'): Wire {
  const [server, client, device] = [`dmb${letter}s${process.pid}`, `dmb${letter}c${process.pid}`, 'dmb0']
  for (const name of [server, client]) run('ip', 'netns', 'add', name)
  run('ip', '-n', server, 'link', 'add', device, 'type', 'veth', 'peer', 'name', device, 'netns', client)
  for (const [name, address] of [
    [server, SERVER],
    [client, RELAY],
  ] as const) {
    run('ip', '-n', name, 'address', 'add', `${address}/12`, 'dev', device)
    run('ip', '-n', name, 'link', 'set', 'lo', 'up')
    run('ip', '-n', name, 'link', 'set', device, 'up')
  }
  return {
    server,
    client,
    device,
    remove() {
      for (const name of [server, client]) run('ip', 'netns', 'delete', name)
    },
  }
}

/** What the load generator measured. */
export interface Load {
  readonly done: number
  readonly dropped: number
  readonly wrong: number
  readonly refused: number
  readonly stray: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface LoadOptions {
  readonly mode: 'dora' | 'bootp' | 'echo' | 'storm'
  readonly clients: number
  readonly window?: number
  readonly seconds: number
  readonly retryMs?: number
}

const CLIENT_CPU = '0'
export const SERVER_CPU = '1'

/** Builds the generator into `folder`; returns how to run it. */
export function buildLoad(folder: string) {
  const program = join(folder, 'dhcpload')
  mkdirSync(folder, { recursive: true })
  requireProgram('gcc', 'gcc')
  run('gcc', '-O2', '-Wall', '-o', program, join(import.meta.dirname, 'dhcpload.c'))
  return (
    wire: Wire,
    { mode, clients, window = 64, seconds, retryMs = 1000 }: LoadOptions,
  ): Promise<Load> => {
    const words = [
      ...['netns', 'exec', wire.client, 'taskset', '-c', CLIENT_CPU, program, mode],
      ...['--relay', RELAY, '--server', SERVER, '--first-ip', FIRST_ADDRESS],
      ...['--first-mac', FIRST_MAC.toString(16), '--clients', String(clients)],
      ...['--window', String(window), '--seconds', String(seconds), '--retry-ms', String(retryMs)],
      ...(mode === 'storm' ? ['--device', wire.device] : []),
    ]
    return outputOf('ip', words).then((text) => JSON.parse(text) as Load) // dhcpload.c prints exactly this
  }
}

/** A server under load, pinned to its core. */
export interface Running {
  /** Seconds of processor it has used so far, all threads. */
  cpuSeconds(): number
  residentMiB(): number
  /** The end of what it wrote, and its exit code. */
  said(): string
  stop(): Promise<void>
}

/** Starts a server in the server's namespace; whether it is ready shows when it answers. */
export async function startServer(wire: Wire, argv: readonly string[]): Promise<Running> {
  const child = spawn('ip', ['netns', 'exec', wire.server, 'taskset', '-c', SERVER_CPU, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, KEA_PIDFILE_DIR: '/tmp', KEA_LOCKFILE_DIR: 'none' },
  })
  let said = ''
  let hasEnded = false
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000)
    })
  }
  const ended = new Promise<void>((done) => {
    child.once('exit', (code) => {
      hasEnded = true
      said += `\nended with ${code}`
      done()
    })
  })
  await once(child, 'spawn')
  const pid = child.pid ?? 0 // `ip netns exec` and taskset replace themselves: the child is the server
  return {
    cpuSeconds: () => cpuSecondsOf(pid),
    residentMiB: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    said: () => said,
    async stop() {
      if (hasEnded) return
      child.kill('SIGTERM')
      const hard = setTimeout(() => child.kill('SIGKILL'), 5000)
      await ended
      clearTimeout(hard)
    },
  }
}

/** utime and stime of /proc/PID/stat, in ticks of 10 ms; the name before them may hold spaces. */
function cpuSecondsOf(pid: number): number {
  const words = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(words[11]) + Number(words[12])) / 100
}

/** @throws Error naming the Debian package of a program that is not installed */
export function requireProgram(program: string, debianPackage: string): void {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
  } catch {
    throw new Error(`${program} is not installed: apt-get install ${debianPackage}, or npm run bench:setup`)
  }
}

const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })

function outputOf(program: string, args: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    errors += part
  })
  child.once('close', (code) =>
    code === 0 ? resolve(text) : reject(new Error(`${program} ${args.join(' ')}: ${code}: ${errors}`)),
  )
  return promise
}
