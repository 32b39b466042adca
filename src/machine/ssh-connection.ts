import { randomBytes } from 'node:crypto'
import { lstat, mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MachineAddress } from '../model/grammar.ts'
import { type CommandOptions, type Ending, spawnCommand } from './command.ts'
import { openGate } from './gate.ts'
import { remoteLine } from './shell-quote.ts'
import { type SshTarget, sshFault } from './ssh-fault.ts'

/** The shared connection stays open this long after its last use. */
const PERSIST_SECONDS = 60
/** A socket path may have 104 bytes (BSD); ssh adds 17 of its own while it makes one, and we some 30. */
const MAX_PLACE = 50
/** An ssh server takes 10 sessions on one connection (sshd_config: MaxSessions), and locks need some. */
const SESSIONS = 6

export interface SshOptions {
  /** The program; ssh from PATH when absent. */
  readonly command?: string
  /** In place of the user's own ssh configuration (ssh -F). */
  readonly configFile?: string
  /** For a connection to a machine that may be down; 10 when absent. */
  readonly connectTimeoutSeconds?: number
  /** For one that takes the connection, and whose ssh server is slow to greet; 60 when absent. */
  readonly greetTimeoutSeconds?: number
}

/** One connection that all commands to a machine share, made when first needed and again when it was lost. */
export interface SshConnection {
  readonly target: SshTarget
  /** Connects, if need be, and runs a POSIX shell script there. @throws DomusError 'unreachable' */
  run(script: RemoteScript, options: CommandOptions): Promise<Ending>
  /**
   * Connects, if need be; the result makes the local command that runs a script there. `own` gives it a
   * connection of its own: for what goes on for long.
   *
   * @param what what the connection is for, as an error shall name it
   * @throws DomusError 'unreachable'
   */
  connect(what: readonly string[]): Promise<(script: RemoteScript, own?: 'own') => string[]>
  close(): Promise<void>
}

/** A script with its arguments; `what` is the command as people know it. */
export interface RemoteScript {
  readonly what: readonly string[]
  readonly script: string
  readonly args: readonly string[]
}

export function openConnection(address: MachineAddress, options: SshOptions): SshConnection {
  const target = parseTarget(address)
  const gate = openGate(SESSIONS)
  let opening: Promise<string> | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let usedAt = Number.NEGATIVE_INFINITY

  const { connectTimeoutSeconds = 10, greetTimeoutSeconds = 60 } = options
  const line = (control: readonly string[], command: readonly string[], seconds = connectTimeoutSeconds) => [
    ...sshWords(target, options),
    ...control,
    '-o',
    `ConnectTimeout=${seconds}`,
    '--',
    target.destination,
    ...command,
  ]
  const share = async (socket: string, what: readonly string[]) => {
    if (performance.now() - usedAt < (PERSIST_SECONDS / 2) * 1000) return
    const master = [
      ...controlPath(socket),
      '-o',
      'ControlMaster=auto',
      '-o',
      `ControlPersist=${PERSIST_SECONDS}`,
    ]
    const tryFor = (seconds: number) =>
      spawnCommand(line(master, ['exit 0'], seconds), { timeoutMs: seconds * 1000 + 20_000 })
    let ending = await tryFor(connectTimeoutSeconds)
    // ConnectTimeout covers the greeting too; a machine that is there, and busy, gets more of it.
    if (saidNothing(ending)) ending = await tryFor(greetTimeoutSeconds)
    if (!isFine(ending)) throw sshFault(address, target, what, endingText(ending), 'connect')
  }
  const connect: SshConnection['connect'] = async (what) => {
    opening ??= makeSocketPath()
    const socket = await opening
    // One at a time: several at once would fight for the socket, with noise on standard error.
    const mine = turn.then(() => share(socket, what))
    turn = mine.catch(() => undefined) // the caller who waits for it reports it
    await mine
    usedAt = performance.now()
    return ({ script, args }, own) =>
      line(
        [...controlPath(own === undefined ? socket : 'none'), '-o', 'ControlMaster=no'],
        [remoteLine(script, args)],
        own === undefined ? connectTimeoutSeconds : greetTimeoutSeconds,
      )
  }
  return {
    target,
    connect,
    async run(script, command) {
      const commandFor = await connect(script.what)
      return gate(() => spawnCommand(commandFor(script), command))
    },
    async close() {
      if (opening === undefined) return
      const socket = await opening
      await spawnCommand(line([...controlPath(socket), '-O', 'exit'], []), { timeoutMs: 5_000 })
      opening = undefined
      usedAt = Number.NEGATIVE_INFINITY
    },
  }
}

const controlPath = (socket: string) => ['-o', `ControlPath=${socket}`]

// The check of host keys is as the user has configured it: with BatchMode, an unknown one is refused.
const sshWords = (target: SshTarget, { command, configFile }: SshOptions) => [
  command ?? 'ssh',
  ...(configFile === undefined ? [] : ['-F', configFile]),
  '-T',
  ...[
    'BatchMode=yes',
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
    'LogLevel=ERROR', // banners and notices would look like the command's own messages
    'ClearAllForwardings=yes',
    'RemoteCommand=none',
    'PermitLocalCommand=no',
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

/** In a folder that nobody else can enter (mode 0700). Processes share it, since a killed one cannot tidy up. */
async function makeSocketPath(): Promise<string> {
  const place = tmpdir().length > MAX_PLACE ? '/tmp' : tmpdir()
  const folder = join(place, `domus-ssh-${process.getuid?.()}`)
  await mkdir(folder, { mode: 0o700 }).catch(() => undefined) // it is there, or the next line fails
  const { uid, mode } = await lstat(folder)
  const isPrivate = uid === process.getuid?.() && (mode & 0o170077) === 0o040000
  return join(isPrivate ? folder : await mkdtemp(join(place, 'domus-')), randomBytes(4).toString('hex'))
}

const saidNothing = (ending: Ending) =>
  ending.kind === 'exit' && /timed out during banner exchange/.test(ending.stderr)

const isFine = (ending: Ending) => ending.kind === 'exit' && ending.exitCode === 0

function endingText(ending: Ending): string {
  if (ending.kind === 'timeout') return 'timed out'
  return ending.kind === 'no-start' ? ending.reason : ending.stderr
}
