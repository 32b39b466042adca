import { once } from 'node:events'
import { hostname } from 'node:os'
import { DomusError } from '../errors.ts'
import type { MachineAddress } from '../model/grammar.ts'
import type { StartedCommand } from './command.ts'
import { fileFault } from './file-fault.ts'

const DEFAULT_WAIT_MS = 10_000
/** EX_TEMPFAIL of sysexits(3): what lockf(1) exits with when the wait is over; flock(1) is told to do the same. */
const EXIT_BUSY = 75

// The lock is held by a child that ends when its input does: it dies with us, and with the connection.
const HOLD = `printf '%s\\n' "$2" >"$1"; echo locked; cat >/dev/null; : >"$1"`
const TAKE = `
mkdir -p -- "$(dirname -- "$1")" || exit 1
if command -v flock >/dev/null 2>&1; then exec flock -E ${EXIT_BUSY} -w "$2" -x "$1" sh -c "$4" sh "$1" "$3"
elif command -v lockf >/dev/null 2>&1; then exec lockf -k -s -t "$2" "$1" sh -c "$4" sh "$1" "$3"
else echo "neither flock nor lockf is installed" >&2; exit 1; fi`

/** Where a lock is taken. */
export interface LockPlace {
  readonly address: MachineAddress
  start(argv: readonly string[]): Promise<StartedCommand>
  /** What the lock file says of its holder. */
  readHolder(path: string): Promise<string>
  /** The error for a child that ended on its own, when there is a better one than its exit code tells. */
  fault?(exitCode: number, stderr: string): DomusError | undefined
}

/**
 * Takes an exclusive lock with flock(1), or lockf(1) on FreeBSD, in a child process.
 *
 * @returns the release; it throws when the lock was lost before
 * @throws DomusError 'busy' naming the holder
 */
export async function takeLock(
  place: LockPlace,
  path: string,
  options: { waitMs?: number; holder?: string } = {},
): Promise<() => Promise<void>> {
  const seconds = String(Math.ceil((options.waitMs ?? DEFAULT_WAIT_MS) / 1000))
  const holder = options.holder ?? `domus, process ${process.pid} on ${hostname()}`
  const { child } = await place.start(['sh', '-c', TAKE, 'sh', path, seconds, holder, HOLD])
  const ended = Promise.resolve(child)
  const result = await Promise.race([once(child.stdout, 'data').then(() => undefined), ended])
  if (result !== undefined) throw await lockFault(place, path, result.exitCode ?? -1, String(result.stderr))
  return async () => {
    child.stdin.end()
    if ((await ended).exitCode !== 0) throw lostFault(place, path)
  }
}

const lostFault = ({ address }: LockPlace, path: string) =>
  new DomusError('command-failed', `the lock ${path} on ${address} was lost before it was given back`)

async function lockFault(
  place: LockPlace,
  path: string,
  exitCode: number,
  stderr: string,
): Promise<DomusError> {
  if (exitCode === EXIT_BUSY) {
    const holder = (await place.readHolder(path)).trim() || 'somebody who left no name'
    return new DomusError('busy', `${path} on ${place.address} is held by ${holder}; wait until that is over`)
  }
  return place.fault?.(exitCode, stderr) ?? fileFault(place.address, 'lock', path, stderr)
}
