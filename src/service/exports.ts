import { readLiveToChange, showLive } from '../apply/export-live.ts'
import { underLock } from '../apply/export-lock.ts'
import { DomusError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { Name } from '../model/grammar.ts'
import type { Inventory } from '../model/inventory.ts'
import type { NfsServer } from '../model/server.ts'
import { keyOf } from '../nfs/entries.ts'
import { meaningOf, spellOptions } from '../nfs/exportfs-table.ts'
import type { LiveExport } from '../nfs/facts.ts'
import { DROP_IN, parseDropIn } from '../nfs/linux-file.ts'
import { readTagged, readTrial } from '../nfs/linux-reading.ts'
import { readAllArgv } from '../nfs/linux-scripts.ts'
import type { Tools } from './app.ts'
import { find } from './render.ts'

const TIMEOUT_MS = 120_000

/** What `exportfs -ra` would change, as `path client(options)` lines; JSON-safe. */
export interface ResyncView {
  readonly server: Name
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly { readonly from: string; readonly to: string }[]
  /** What the parser says of the files; lines of others may have mistakes. */
  readonly complaint: string
  /** Why it must not be done; empty when it may. */
  readonly refusals: readonly string[]
}

/**
 * Says what reading all of a server's exports files again would do to its live table, ours and everybody's.
 *
 * @throws DomusError 'not-found', 'refused' when the server's kind has no such thing, or we are not root there
 */
export async function previewResync(tools: Tools, inventory: Inventory, name: Name): Promise<ResyncView> {
  const server = linuxServer(inventory, name)
  return compare(tools.machines(server.machine), server, inventory.site)
}

/**
 * Lets a server read all of its exports files again (`exportfs -ra`), if that still does what was shown.
 *
 * @returns what exportfs says, which is about lines of others
 * @throws DomusError 'stale-plan' when it would do something else by now, 'refused', 'command-failed'
 */
export async function resyncExports(tools: Tools, inventory: Inventory, shown: ResyncView): Promise<string> {
  const server = linuxServer(inventory, shown.server)
  return underLock({ machine: server.machine, serverKind: 'linux' }, tools, async (machine) => {
    const now = await compare(machine, server, inventory.site)
    if (JSON.stringify(now) !== JSON.stringify(shown))
      throw new DomusError(
        'stale-plan',
        `the exports of ${server.name} have changed since they were shown: look again`,
      )
    if (now.refusals.length > 0)
      throw new DomusError('refused', `exports of ${server.name}: ${now.refusals.join('; ')}`)
    await readLiveToChange(machine, now.added.length)
    const { stderr } = await machine.run(['exportfs', '-ra'], { timeoutMs: TIMEOUT_MS })
    const after = await compare(machine, server, inventory.site)
    const pending = [...after.added, ...after.removed, ...after.changed.map(({ to }) => to)]
    if (pending.length === 0) return stderr.trim()
    throw new DomusError(
      'command-failed',
      `exportfs -ra on ${server.name} left undone: ${pending.join('; ')}: ${stderr.trim() || 'it said nothing'}`,
    )
  })
}

function linuxServer(inventory: Inventory, name: Name): NfsServer {
  const server = find(inventory, 'servers', name)
  if (server.kind === 'linux') return server
  throw new DomusError(
    'refused',
    `server ${name} is of kind ${server.kind}: only a linux server has exports that are live and in no file, or the other way round`,
  )
}

async function compare(machine: Machine, server: NfsServer, site: Name): Promise<ResyncView> {
  const live = await showLive(machine)
  const { stdout } = await machine.run(readAllArgv)
  const trial = readTrial(readTagged(stdout))
  if (trial.kind === 'unknown')
    throw new DomusError('refused', `cannot try the exports of ${server.name}: ${trial.reason}`)
  const file = await machine.readFile(DROP_IN)
  const ours = new Set(file === undefined ? [] : parseDropIn(file.content, site).entries.map(keyOf))
  const [before, after] = [byKey(live), byKey(trial.value.exports)]
  const changed = [...before].flatMap(([key, from]) => {
    const to = after.get(key)
    return to === undefined || meaningOf(from.options) === meaningOf(to.options) ? [] : [{ key, from, to }]
  })
  const removed = live.filter((entry) => !after.has(keyOf(entry)))
  const hit = [...removed.map(keyOf), ...changed.map(({ key }) => key)].filter((key) => ours.has(key))
  return {
    server: server.name,
    added: trial.value.exports
      .filter((entry) => !before.has(keyOf(entry)))
      .map(lineOf)
      .sort(),
    removed: removed.map(lineOf).sort(),
    changed: changed.map(({ from, to }) => ({ from: lineOf(from), to: lineOf(to) })),
    complaint: trial.value.complaint,
    refusals: hit.map(
      (key) =>
        `it would take away or change ${key}, which is the root of a guest; a line outside ${DROP_IN} wins over ours`,
    ),
  }
}

const byKey = (table: readonly LiveExport[]) => new Map(table.map((entry) => [keyOf(entry), entry]))

const lineOf = ({ path, client, options }: LiveExport) => `${path} ${client}(${spellOptions(options)})`
