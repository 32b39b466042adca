import { DomusError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { Known, LiveExport } from '../nfs/facts.ts'
import { readShown, readTable, readTagged } from '../nfs/linux-reading.ts'
import { shownArgv, tableArgv } from '../nfs/linux-scripts.ts'
import type { Argv } from '../plan/plan.ts'

/** One live export to be made; `options` as exportfs -o takes them. */
export interface LiveEntry {
  readonly path: string
  readonly client: string
  readonly options: string
}

/** The live table of a Linux NFS server. @throws DomusError 'refused' when we may not change it */
export async function readLive(machine: Machine, roomKiB = 0): Promise<readonly LiveExport[]> {
  const { stdout } = await machine.run(tableArgv(roomKiB))
  const tagged = readTagged(stdout)
  const [uid = 'unknown'] = tagged('U')
  const [appliance] = tagged('A')
  if (appliance !== undefined)
    throw new DomusError(
      'refused',
      `cannot change exports on ${machine.address}: the middleware of ${appliance} owns them; use kind: print`,
    )
  if (uid !== '0') throw mayNot(machine, `we are user ${uid}`)
  const [folder, said = ''] = tagged('N')
  if (folder !== undefined)
    throw new DomusError(
      'command-failed',
      `cannot change exports on ${machine.address}: there is no room for the table in ${folder}, and exportfs would lose all of it: ${said}`,
    )
  return requireKnown(machine, readTable(tagged))
}

/**
 * The same, for a change: so many entries may come.
 *
 * @throws DomusError 'command-failed' when the server's disk has no room for them: exportfs would take no notice,
 * and leave an empty table behind
 */
export const readLiveToChange = (machine: Machine, entries: number) =>
  readLive(machine, Math.ceil((entries * ENTRY_BYTES) / 1024) + SPARE_KIB)

const ENTRY_BYTES = 512 // a line of the table: path, address and all options
const SPARE_KIB = 64

/** The same, as `exportfs -s` shows it. */
export async function showLive(machine: Machine): Promise<readonly LiveExport[]> {
  const { stdout } = await machine.run(shownArgv)
  return requireKnown(machine, readShown(readTagged(stdout)))
}

function requireKnown<T>(machine: Machine, table: Known<T>): T {
  if (table.kind === 'known') return table.value
  throw mayNot(machine, table.reason)
}

const mayNot = ({ address }: Machine, reason: string) =>
  new DomusError(
    'refused',
    `cannot change exports on ${address}: ${reason}; it needs root there, to run exportfs and unshare: use sudo, or reach it as ssh://root@…`,
  )

/**
 * Makes single entries live, or changes them in place; nobody's file is read and nobody else's entry touched.
 *
 * @returns what exportfs says although it succeeds
 * @throws DomusError 'command-failed'
 */
export async function exportLive(machine: Machine, entries: readonly LiveEntry[]): Promise<string> {
  const byOptions = Map.groupBy(entries, ({ options }) => options)
  let said = ''
  for (const [options, members] of byOptions)
    for (const targets of chunks(members))
      said += await runExportfs(machine, ['exportfs', '-i', '-o', options, ...targets])
  return said.trim()
}

/** Takes single entries out of the live table; they must be in it. @throws DomusError 'command-failed' */
export async function unexportLive(
  machine: Machine,
  entries: readonly { path: string; client: string }[],
): Promise<void> {
  for (const targets of chunks(entries)) await runExportfs(machine, ['exportfs', '-u', ...targets])
}

async function runExportfs(machine: Machine, argv: Argv): Promise<string> {
  const { exitCode, stderr } = await machine.run(argv)
  if (exitCode === 0) return stderr
  const count = argv.filter((word) => word.includes(':/')).length
  const shown =
    count > 3 ? `${argv.slice(0, argv[1] === '-u' ? 3 : 5).join(' ')} … (${count} exports)` : argv.join(' ')
  throw new DomusError(
    'command-failed',
    `${shown} on ${machine.address} failed with exit code ${exitCode}: ${stderr.trim() || 'it said nothing'}`,
  )
}

// One argument list stays far below the 128 KiB that Linux takes for one argument, which it is over ssh.
const CHUNK_BYTES = 30_000

/** `CLIENT:PATH` words, in lists that a command line can hold. */
function chunks(entries: readonly { path: string; client: string }[]): string[][] {
  const lists: string[][] = []
  let room = 0
  for (const { path, client } of entries) {
    const word = `${client}:${path}`
    if (room < word.length) {
      lists.push([])
      room = CHUNK_BYTES
    }
    lists.at(-1)?.push(word)
    room -= word.length + 1
  }
  return lists
}
