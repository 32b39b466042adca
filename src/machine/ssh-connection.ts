import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MachineAddress } from '../model/grammar.ts'
import { type Ending, spawnCommand } from './command.ts'
import { remoteLine } from './shell-quote.ts'
import { type SshTarget, sshFault } from './ssh-fault.ts'

/** The shared connection stays open this long after its last use. */
const PERSIST_SECONDS = 60
/** A socket path may have 104 bytes (BSD), and ssh adds 17 of its own while it makes one. */
const MAX_FOLDER = 60

export interface SshOptions {
  /** The program; ssh from PATH when absent. */
  readonly command?: string
  /** In place of the user's own ssh configuration (ssh -F). */
  readonly configFile?: string
  /** 10 when absent. */
  readonly connectTimeoutSeconds?: number
}

/** One connection that all commands to a machine share, made when first needed and again when it was lost. */
export interface SshConnection {
  readonly target: SshTarget
  /**
   * Connects, if need be; the result makes the local command that runs a POSIX shell script there.
   *
   * @param argv what the connection is for, as an error shall name it
   * @throws DomusError 'unreachable'
   */
  connect(argv: readonly string[]): Promise<(script: string, args: readonly string[]) => string[]>
  close(): Promise<void>
}

export function openConnection(address: MachineAddress, options: SshOptions): SshConnection {
  const target = parseTarget(address)
  let opening: Promise<string> | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let usedAt = Number.NEGATIVE_INFINITY

  const line = (folder: string, more: readonly string[], command: readonly string[]) => [
    ...sshWords(target, options, join(folder, 's')),
    ...more,
    '--',
    target.destination,
    ...command,
  ]
  const share = async (folder: string, argv: readonly string[]) => {
    if (performance.now() - usedAt < (PERSIST_SECONDS / 2) * 1000) return
    const master = ['-o', 'ControlMaster=auto', '-o', `ControlPersist=${PERSIST_SECONDS}`]
    const timeoutMs = (options.connectTimeoutSeconds ?? 10) * 1000 + 20_000
    const ending = await spawnCommand(line(folder, master, ['exit 0']), { timeoutMs })
    if (!isFine(ending)) throw sshFault(address, target, argv, endingText(ending), 'connect')
  }
  return {
    target,
    async connect(argv) {
      opening ??= makeFolder()
      const folder = await opening
      // One at a time: several at once would fight for the socket, with noise on standard error.
      const mine = turn.then(() => share(folder, argv))
      turn = mine.catch(() => undefined) // the caller who waits for it reports it
      await mine
      usedAt = performance.now()
      return (script, args) => line(folder, ['-o', 'ControlMaster=no'], [remoteLine(script, args)])
    },
    async close() {
      if (opening === undefined) return
      const folder = await opening
      await spawnCommand(line(folder, ['-O', 'exit'], []), { timeoutMs: 5_000 })
      await rm(folder, { recursive: true, force: true })
      opening = undefined
      usedAt = Number.NEGATIVE_INFINITY
    },
  }
}

// The check of host keys is as the user has configured it: with BatchMode, an unknown one is refused.
const sshWords = (
  target: SshTarget,
  { command, configFile, connectTimeoutSeconds }: SshOptions,
  socket: string,
) => [
  command ?? 'ssh',
  ...(configFile === undefined ? [] : ['-F', configFile]),
  '-T',
  ...[
    'BatchMode=yes',
    `ConnectTimeout=${connectTimeoutSeconds ?? 10}`,
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
    'LogLevel=ERROR', // banners and notices would look like the command's own messages
    'ClearAllForwardings=yes',
    'RemoteCommand=none',
    'PermitLocalCommand=no',
    `ControlPath=${socket}`,
  ].flatMap((option) => ['-o', option]),
  ...(target.port === undefined ? [] : ['-p', target.port]),
]

function parseTarget(address: MachineAddress): SshTarget {
  const [destination = '', port] = address.slice('ssh://'.length).split(':')
  return {
    destination,
    host: destination.slice(destination.indexOf('@') + 1),
    ...(port !== undefined && { port }),
  }
}

/** A private folder (mode 0700) with a short path. */
const makeFolder = () => mkdtemp(join(tmpdir().length > MAX_FOLDER ? '/tmp' : tmpdir(), 'domus-'))

const isFine = (ending: Ending) => ending.kind === 'exit' && ending.exitCode === 0

function endingText(ending: Ending): string {
  if (ending.kind === 'timeout') return 'timed out'
  return ending.kind === 'no-start' ? ending.reason : ending.stderr
}
