import { DomusError } from '../errors.ts'
import type { FileState, Machine } from '../machine/machine.ts'
import { keyOf } from '../nfs/entries.ts'
import { meaningOf, meaningOfEntry, spellOptions } from '../nfs/exportfs-table.ts'
import type { LiveExport } from '../nfs/facts.ts'
import { optionsOf, untriedPart } from '../nfs/linux-file.ts'
import { readTagged, readTrial } from '../nfs/linux-reading.ts'
import { dryRunArgv } from '../nfs/linux-scripts.ts'
import { overlapsInTable } from '../nfs/overlaps.ts'
import type { ExportEntry } from '../plan/plan.ts'
import {
  exportLive,
  type LiveEntry,
  readLive,
  readLiveToChange,
  showLive,
  unexportLive,
} from './export-live.ts'
import { requirePlanned, UNDO_WAIT_MS, underLock } from './export-lock.ts'
import { beforeChange, type StepContext, type StepKind, type StepOf } from './step.ts'

const DRY_RUN_TIMEOUT_MS = 120_000

/**
 * Up to so many entries the real program reads all of our file before, and shows all of its table afterwards. For
 * 10 000 it takes seconds each time: then it tries the lines that are new, and the table is read from its etab, out
 * of which `exportfs -s` would print.
 */
const SHORT = 1000

/** What the file and the live entries of ours were before. */
export interface SavedExports {
  /** Undefined is no file. */
  readonly file: FileState | undefined
  /** The live entries with a path and client of ours, old or new. */
  readonly live: readonly LiveEntry[]
}

type ExportStep = StepOf<'export'>

/**
 * Changes the exports of a Linux server: lock → is all as planned, and nobody else at our roots? → dry run with the
 * real parser → take out what goes → file → make live what comes → look at the table. Never `exportfs -ra`, which
 * would also carry out what others have in their files by halves.
 *
 * @see exportfs(8), exports(5)
 */
export const exportLinux: StepKind<ExportStep, SavedExports> = {
  describe: (step) => `export ${step.after.length} entries in ${step.path} on ${step.on}`,
  prepare,
  apply: (step, saved, context) =>
    underLock(step, context, (machine) => apply(machine, step, saved, context)),
  undo: (step, saved, context) =>
    underLock(step, context, (machine) => undo(machine, step, saved), { waitMs: UNDO_WAIT_MS }),
}

async function prepare(step: ExportStep, context: StepContext): Promise<SavedExports> {
  const machine = context.machines(step.machine)
  const [file, live] = await Promise.all([machine.readFile(step.path), readLive(machine)])
  requirePlanned(step, file)
  const ours = keysOf(step)
  return {
    file,
    live: live
      .filter((entry) => ours.has(keyOf(entry)))
      .map(({ path, client, options }) => ({ path, client, options: spellOptions(options) })),
  }
}

async function apply(
  machine: Machine,
  step: ExportStep,
  saved: SavedExports,
  context: StepContext,
): Promise<'changed' | 'unchanged'> {
  const { before, gone, missing, isWritten, isDone } = await beforeChange(() =>
    lookAndTry(machine, step, context),
  )
  if (isDone) return 'unchanged'
  await unexportLive(machine, gone)
  if (!isWritten) await putFile(machine, step.path, step.content || undefined, saved.file)
  context.progress(`${missing.length} exports become live on ${step.on}`)
  const said = await exportLive(machine, missing)
  if (said !== '') context.warn(`exportfs on ${step.on}: ${said}`)
  verify(step, before, await lookAgain(machine, before.length + missing.length))
  return 'changed'
}

/** Everything up to the first change: what there is, what has to change, and whether the parser takes our file. */
async function lookAndTry(machine: Machine, step: ExportStep, context: StepContext) {
  const [file, before] = await Promise.all([
    machine.readFile(step.path),
    readLiveToChange(machine, step.after.length),
  ])
  requirePlanned(step, file)
  requireAlone(step, before)
  const delta = deltaOf(step, before)
  const isWritten = (file?.content ?? '') === step.content
  const isDone = isWritten && delta.gone.length === 0 && delta.missing.length === 0
  if (!isDone && step.content !== '') await dryRun(machine, step, context)
  return { before, isWritten, isDone, ...delta }
}

/** A plan saw nobody else at our roots; by now somebody may have exported one by hand. */
function requireAlone(step: ExportStep, table: readonly LiveExport[]): void {
  const faults = overlapsInTable(step, table)
  if (faults.length === 0) return
  throw new DomusError(
    'refused',
    `others export the same on ${step.on} by now; nothing was changed: ${faults.join('; ')}`,
  )
}

const keysOf = ({ before, after }: ExportStep) => new Set([...before, ...after].map(keyOf))

/** What has to leave and to enter the live table. */
function deltaOf({ before, after }: ExportStep, table: readonly LiveExport[]) {
  const live = new Map(table.map((entry) => [keyOf(entry), meaningOf(entry.options)]))
  const wanted = new Set(after.map(keyOf))
  return {
    gone: before.filter((entry) => live.has(keyOf(entry)) && !wanted.has(keyOf(entry))),
    missing: after
      .filter((entry) => live.get(keyOf(entry)) !== meaningOfEntry(entry))
      .map((entry) => ({ path: entry.path, client: entry.client, options: optionsOf(entry) })),
  }
}

/** Lets the real parser of the server read our file, apart from all that is live. @throws DomusError 'refused' */
async function dryRun(machine: Machine, step: ExportStep, { progress }: StepContext): Promise<void> {
  const { content, entries } = step.after.length > SHORT ? untriedPart(step) : ofAll(step)
  progress(`dry run of ${entries.length} exports on ${step.on}`)
  const { stdout } = await machine.run(dryRunArgv, { input: content, timeoutMs: DRY_RUN_TIMEOUT_MS })
  const trial = readTrial(readTagged(stdout))
  const name = `${step.path} on ${step.on}`
  if (trial.kind === 'unknown') {
    const message = `cannot try ${name} before it is written: ${trial.reason}; domus needs root there, and the program unshare (util-linux)`
    throw new DomusError('refused', message)
  }
  const { exitCode, complaint, exports } = trial.value
  if (exitCode !== 0 || complaint !== '') {
    const reason = complaint.trim() || `exportfs ends with exit code ${exitCode}`
    throw new DomusError(
      'refused',
      `the server's own parser does not take ${name}; nothing was changed: ${reason}`,
    )
  }
  const faults = differences(entries, exports)
  if (exports.length !== entries.length)
    faults.push(`${exports.length} exports were read from ${entries.length}`)
  if (faults.length > 0) {
    const message = `the server's own parser reads ${name} otherwise than meant; nothing was changed: ${faults.join('; ')}`
    throw new DomusError('refused', message)
  }
}

const ofAll = ({ content, after }: ExportStep) => ({ content, entries: after })

/** The table after a change; `length` is about how long it is. */
const lookAgain = (machine: Machine, length: number) =>
  length > SHORT ? readLive(machine) : showLive(machine)

/** Entries that are not in a table with the meaning they should have. */
function differences(entries: readonly ExportEntry[], table: readonly LiveExport[]): string[] {
  const live = new Map(table.map((entry) => [keyOf(entry), entry.options]))
  return entries.flatMap((entry) => {
    const options = live.get(keyOf(entry))
    if (options === undefined) return [`${entry.path} is not exported to ${entry.client}`]
    if (meaningOf(options) === meaningOfEntry(entry)) return []
    return [
      `${entry.path} is exported to ${entry.client} as ${meaningOf(options)}, not ${meaningOfEntry(entry)}`,
    ]
  })
}

/** Writes the file, or removes it without a content. */
async function putFile(
  machine: Machine,
  path: string,
  content: string | undefined,
  old: Omit<FileState, 'content'> | undefined,
): Promise<void> {
  if (content === undefined) return machine.removeFile(path)
  const { mode, uid, gid } = old ?? { mode: 0o644, uid: 0, gid: 0 }
  await machine.writeFile(path, { content, mode, uid, gid })
}

/** All of ours are live as they should be, those that went are gone, and nobody else's is missing. */
function verify(step: ExportStep, before: readonly LiveExport[], now: readonly LiveExport[]): void {
  const ours = keysOf(step)
  const live = new Set(now.map(keyOf))
  const wanted = new Set(step.after.map(keyOf))
  const faults = [
    ...differences(step.after, now),
    ...step.before
      .filter((entry) => !wanted.has(keyOf(entry)) && live.has(keyOf(entry)))
      .map(({ path, client }) => `${path} is still exported to ${client}`),
    ...before
      .filter((entry) => !ours.has(keyOf(entry)) && !live.has(keyOf(entry)))
      .map(({ path, client }) => `${path} is not exported to ${client} any more, which is not ours`),
  ]
  if (faults.length === 0) return
  throw new DomusError(
    'command-failed',
    `the exports of ${step.on} are not as they should be afterwards: ${faults.join('; ')}`,
  )
}

async function undo(machine: Machine, step: ExportStep, saved: SavedExports): Promise<void> {
  const [file, table] = await Promise.all([machine.readFile(step.path), readLive(machine)])
  const old = saved.file?.content
  const made = step.content === '' ? undefined : step.content
  if (file?.content !== old && file?.content !== made) {
    const message = `${step.path} on ${step.on} is neither as it was nor as domus wrote it: somebody has changed it since`
    throw new DomusError('command-failed', message)
  }
  const live = new Map(table.map((entry) => [keyOf(entry), entry]))
  const before = new Map(saved.live.map((entry) => [keyOf(entry), entry]))
  const extra = uniqueByKey(step.after.filter((entry) => live.has(keyOf(entry)) && !before.has(keyOf(entry))))
  const lost = saved.live.filter((entry) => {
    const now = live.get(keyOf(entry))
    return now === undefined || spellOptions(now.options) !== entry.options
  })
  if (extra.length + lost.length > 0) await readLiveToChange(machine, lost.length)
  await unexportLive(machine, extra)
  if (file?.content !== old || file?.mode !== saved.file?.mode)
    await putFile(machine, step.path, old, saved.file)
  await exportLive(machine, lost)
  requireRestored(step, saved, await lookAgain(machine, table.length))
}

const uniqueByKey = <T extends { path: string; client: string }>(entries: readonly T[]) => [
  ...new Map(entries.map((entry) => [keyOf(entry), entry])).values(),
]

function requireRestored(step: ExportStep, saved: SavedExports, table: readonly LiveExport[]): void {
  const ours = keysOf(step)
  const found = table.filter((entry) => ours.has(keyOf(entry)))
  const now = new Set(found.map((entry) => `${keyOf(entry)} ${spellOptions(entry.options)}`))
  const before = new Set(saved.live.map((entry) => `${keyOf(entry)} ${entry.options}`))
  const faults = [
    ...[...before].filter((line) => !now.has(line)).map((line) => `missing: ${line}`),
    ...[...now].filter((line) => !before.has(line)).map((line) => `too much: ${line}`),
  ]
  if (faults.length > 0)
    throw new DomusError(
      'command-failed',
      `the exports of ${step.on} are not as before: ${faults.join('; ')}`,
    )
}
