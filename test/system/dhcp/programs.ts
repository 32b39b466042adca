import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a command to its end; its output. @throws Error with all it said when it fails */
export function run(...argv: string[]): string {
  const [program = '', ...args] = argv
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    })
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout?: string; stderr?: string } // execFileSync throws these
    throw new Error(`${argv.join(' ')}: ${stdout ?? ''}${stderr ?? ''}`, { cause })
  }
}

/** A program that goes on running. */
export interface Program {
  readonly pid: number
  /** All it has written so far, standard output and error. */
  output(): string
  /** Resolves to the first match in what it has written or writes in time (40 s). @throws Error when it does not, or ends */
  said(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>
  /** Its exit code. */
  ended(): Promise<number | null>
  signal(name: NodeJS.Signals): void
  /** Ends it by force if it must, and waits. */
  stop(): Promise<void>
}

export function start(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let text = ''
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part
      for (const listener of listeners) listener()
    })
  }
  const closed = once(child, 'close').then(([code]) => code as number | null)
  return {
    pid: child.pid ?? 0,
    output: () => text,
    said: (pattern, timeoutMs = 40_000) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(text)
          if (found === null) return
          listeners.delete(look)
          clearTimeout(timer)
          resolve(found)
        }
        const timer = setTimeout(
          () => reject(new Error(`${argv.join(' ')} never said ${pattern}: ${text}`)),
          timeoutMs,
        )
        listeners.add(look)
        look()
        void closed.then((code) => {
          look()
          reject(new Error(`${argv.join(' ')} ended with ${code} and never said ${pattern}: ${text}`))
        })
      }),
    ended: () => closed,
    signal: (name) => child.kill(name),
    stop: () => stopChild(child, closed),
  }
}

async function stopChild(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM')
    const hard = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await closed
    clearTimeout(hard)
  }
}
