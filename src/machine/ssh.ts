import type { MachineAddress } from '../model/grammar.ts'
import {
  commandFault,
  commandResult,
  DEFAULT_TIMEOUT_MS,
  followCommand,
  startCommand,
  timeoutFault,
} from './command.ts'
import { takeLock } from './lock.ts'
import type { CommandResult, Following, Machine, RunOptions } from './machine.ts'
import { openConnection, type SshConnection, type SshOptions } from './ssh-connection.ts'
import { sshFault } from './ssh-fault.ts'
import { sshFiles } from './ssh-files.ts'
import { FOLLOW, MARK_255, MARK_NO_PROGRAM, RUN } from './ssh-scripts.ts'

/** Beyond a command's own time, which the other side watches over: for the way there and back. */
const SLACK_MS = 20_000

/** A machine reached by OpenSSH, with the user's own keys, configuration and known hosts. */
export function sshMachine(address: MachineAddress, options: SshOptions = {}): Machine {
  const connection = openConnection(address, options)
  const files = sshFiles(address, connection)
  return {
    address,
    run: (argv, run) => runRemote(address, connection, argv, run),
    follow: (argv) => followRemote(address, connection, argv),
    ...files,
    async lock(path, lock) {
      const commandFor = await connection.connect(['flock', path])
      const place = {
        address,
        start: (argv: readonly string[]) =>
          startCommand(commandFor({ what: ['flock', path], script: 'exec "$@"', args: argv })),
        readHolder: async (file: string) => (await files.readFile(file))?.content ?? '',
        fault: (exitCode: number, stderr: string) =>
          exitCode === 255 ? sshFault(address, connection.target, ['flock', path], stderr) : undefined,
      }
      return takeLock(place, path, lock)
    },
    close: () => connection.close(),
  }
}

async function runRemote(
  address: MachineAddress,
  connection: SshConnection,
  argv: readonly string[],
  { input, timeoutMs = DEFAULT_TIMEOUT_MS }: RunOptions = {},
): Promise<CommandResult> {
  const script = { what: argv, script: RUN, args: [String(timeoutMs / 1000), ...argv] }
  const start = performance.now()
  const ending = await connection.run(script, { input, timeoutMs: timeoutMs + SLACK_MS })
  const result = commandResult(address, argv, timeoutMs, ending)
  const { exitCode, stderr } = result
  // timeout(1) exits with 124 for SIGTERM and 137 for SIGKILL; so may the command itself, but sooner.
  const isOver = performance.now() - start >= timeoutMs
  if (isOver && (exitCode === 124 || exitCode === 137)) throw timeoutFault(address, argv, timeoutMs)
  if (exitCode === 127 && hasMark(stderr, MARK_NO_PROGRAM)) {
    throw commandFault(address, argv, `there is no program ${argv[0]}`)
  }
  if (exitCode !== 255) return result
  if (!hasMark(stderr, MARK_255)) throw sshFault(address, connection.target, argv, stderr)
  return { ...result, stderr: stderr.slice(0, -MARK_255.length - 1) }
}

const hasMark = (stderr: string, mark: string) => stderr.endsWith(`${mark}\n`)

function followRemote(
  address: MachineAddress,
  connection: SshConnection,
  argv: readonly string[],
): Following {
  let following: Following | undefined
  let isStopped = false
  return {
    lines: (async function* () {
      const commandFor = await connection.connect(argv)
      if (isStopped) return
      const command = commandFor({ what: argv, script: FOLLOW, args: argv }, 'own')
      following = followCommand(address, argv, startCommand(command), (exitCode, stderr) =>
        exitCode === 255 ? sshFault(address, connection.target, argv, stderr) : undefined,
      )
      yield* following.lines
    })(),
    stop() {
      isStopped = true
      following?.stop()
    },
  }
}
