import { constants } from 'node:os'
import { DomusError } from '../errors.ts'
import type { MachineAddress } from '../model/grammar.ts'
import type { CommandResult, Following } from './machine.ts'
import { commandName } from './shell-quote.ts'

/** How long a command may go on when nothing else is asked for. */
export const DEFAULT_TIMEOUT_MS = 60_000
/** After the time is over: from SIGTERM to SIGKILL, and from there to letting go of its output. */
const GRACE_MS = 2_000
/** The most a command or a file may give, in bytes. */
export const MAX_OUTPUT = 256 * 2 ** 20

export interface CommandOptions {
  readonly input?: string | Uint8Array | undefined
  readonly timeoutMs: number
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** How a program of this machine ended. */
export type Ending =
  | { readonly kind: 'exit'; readonly exitCode: number; readonly stdout: Uint8Array; readonly stderr: string }
  | { readonly kind: 'timeout'; readonly stderr: string }
  | { readonly kind: 'no-start'; readonly reason: string }

/**
 * Runs a program of this machine in a process group of its own: Ctrl-C at the terminal does not reach it,
 * and the end of its time ends its children too. Messages are in the C locale, so that they can be read.
 */
export async function spawnCommand(argv: readonly string[], options: CommandOptions): Promise<Ending> {
  const { execa } = await import('execa') // at its first use: loading it takes longer than many a command of ours
  const [file = '', ...args] = argv
  const child = execa(file, args, {
    ...spawnOptions(options.env),
    input: options.input ?? '',
    timeout: options.timeoutMs,
    forceKillAfterDelay: GRACE_MS,
    encoding: 'buffer',
    maxBuffer: MAX_OUTPUT,
  })
  // A daemon that kept our pipes would make us wait for it for ever.
  const letGo = setTimeout(
    () => {
      child.stdout.destroy()
      child.stderr.destroy()
    },
    options.timeoutMs + 2 * GRACE_MS,
  )
  const result = await child
  clearTimeout(letGo)
  const stderr = new TextDecoder().decode(result.stderr)
  if (result.timedOut) return { kind: 'timeout', stderr }
  if (result.isMaxBuffer) return { kind: 'no-start', reason: `it gave more than ${MAX_OUTPUT / 2 ** 20} MiB` }
  const exitCode = result.exitCode ?? (result.signal && 128 + constants.signals[result.signal])
  if (exitCode === undefined) return { kind: 'no-start', reason: startFault(file, result.code) }
  return { kind: 'exit', exitCode, stdout: result.stdout, stderr }
}

/** The result a caller of Machine.run sees, or the error. `argv` is the command as the caller gave it. */
export function commandResult(
  address: MachineAddress,
  argv: readonly string[],
  timeoutMs: number,
  ending: Ending,
): CommandResult {
  if (ending.kind === 'timeout') throw timeoutFault(address, argv, timeoutMs)
  if (ending.kind === 'no-start') throw commandFault(address, argv, ending.reason)
  const { exitCode, stdout, stderr } = ending
  return { exitCode, stdout: new TextDecoder().decode(stdout), stderr }
}

export const commandFault = (address: MachineAddress, argv: readonly string[], reason: string) =>
  new DomusError('command-failed', `cannot run ${commandName(argv)} on ${address}: ${reason}`)

export const timeoutFault = (address: MachineAddress, argv: readonly string[], timeoutMs: number) =>
  new DomusError(
    'command-failed',
    `${commandName(argv)} on ${address} took longer than ${timeoutMs / 1000} s and was ended`,
  )

/** Starts a program that goes on until its input is closed; its output is read by the caller. */
export async function startCommand(argv: readonly string[], env?: Readonly<Record<string, string>>) {
  const { execa } = await import('execa')
  const [file = '', ...args] = argv
  const child = execa(file, args, { ...spawnOptions(env), stdin: 'pipe', buffer: { stdout: false } })
  return { child } // in an object, since it is a promise of its end too
}

export type StartedCommand = Awaited<ReturnType<typeof startCommand>>

/**
 * Follows a program's standard output; `argv` is what people know it by. `fault` may know more of a failure than
 * its exit code and what was said.
 */
export function followCommand(
  address: MachineAddress,
  argv: readonly string[],
  started: Promise<StartedCommand>,
  fault: (exitCode: number | undefined, stderr: string) => DomusError | undefined = () => undefined,
): Following {
  let isStopped = false
  let end: (() => void) | undefined
  const stop = () => {
    isStopped = true
    end?.()
  }
  const reading = started.then(({ child }) => {
    end = () => child.kill()
    if (isStopped) end()
    return { child, lines: child.iterable() }
  })
  return {
    lines: (async function* () {
      const { child, lines } = await reading
      let isAtEnd = false
      try {
        // By hand: `for await` would wait for the end of the program when its reader stops reading.
        for (let next = await lines.next(); !next.done; next = await lines.next()) {
          yield String(next.value).replace(/\r$/, '')
        }
        isAtEnd = true
      } finally {
        if (!isAtEnd) stop()
      }
      const result = await child
      if (!result.failed || isStopped) return
      const said = String(result.stderr)
      throw (
        fault(result.exitCode, said) ??
        commandFault(address, argv, said.trim() || String(result.shortMessage))
      )
    })(),
    stop,
  }
}

const spawnOptions = (env: Readonly<Record<string, string>> | undefined) =>
  ({
    env: { LC_ALL: 'C', ...env },
    reject: false,
    stripFinalNewline: false,
    killDescendants: true,
    cleanup: false,
  }) as const

const startFault = (file: string, code: string | undefined) =>
  code === 'ENOENT'
    ? `there is no program ${file}`
    : code === 'EACCES'
      ? `${file} may not be run: permission denied`
      : `it did not start (${code ?? 'unknown reason'})`
