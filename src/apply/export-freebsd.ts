import { DomusError } from '../errors.ts'
import type { FileState, Machine } from '../machine/machine.ts'
import { keyOf } from '../nfs/entries.ts'
import type { LiveExport } from '../nfs/facts.ts'
import { readShowmount, shownIn } from '../nfs/freebsd-reading.ts'
import { logSizeArgv, reloadArgv, resultArgv } from '../nfs/freebsd-scripts.ts'
import { readTagged } from '../nfs/linux-reading.ts'
import { readMountd } from '../nfs/mountd.ts'
import { requirePlanned, UNDO_WAIT_MS, underLock } from './export-lock.ts'
import type { StepContext, StepKind, StepOf } from './step.ts'

/** What /etc/exports was before; undefined is no file. */
export interface SavedExportsFile {
  readonly file: FileState | undefined
}

type ExportStep = StepOf<'export'>

/**
 * Changes our block in /etc/exports of a FreeBSD server: lock → is all as planned? → file, with its mode and
 * owner → SIGHUP to mountd → look at `showmount -e` and at what mountd has logged since.
 *
 * There is no dry run: mountd passes over a line it does not take and says so in the system log only.
 *
 * @see FreeBSD's exports(5), mountd(8)
 */
export const exportFreebsd: StepKind<ExportStep, SavedExportsFile> = {
  describe: (step) => `export ${step.after.length} entries in ${step.path} on ${step.on}`,
  async prepare(step, { machines }) {
    const file = await machines(step.machine).readFile(step.path)
    requirePlanned(step, file)
    return { file }
  },
  apply: (step, saved, context) =>
    underLock(step, context, (machine) => apply(machine, step, saved, context)),
  undo: (step, saved, context) =>
    underLock(step, context, (machine) => undo(machine, step, saved), { waitMs: UNDO_WAIT_MS }),
}

async function apply(
  machine: Machine,
  step: ExportStep,
  saved: SavedExportsFile,
  context: StepContext,
): Promise<'changed' | 'unchanged'> {
  const file = await machine.readFile(step.path)
  requirePlanned(step, file)
  const before = await readExported(machine, Number.MAX_SAFE_INTEGER) // nothing of the log
  const isWritten = (file?.content ?? '') === step.content
  if (isWritten && faultsOf(step, before.table, before.table).length === 0) return 'unchanged'
  if (!isWritten) await putFile(machine, step.path, step.content, saved.file)
  const { faults, table, log } = await reload(machine, (now) => faultsOf(step, before.table, now))
  const said = log.filter((line) => COMPLAINT.test(line))
  const ours = said.filter((line) =>
    step.after.some((entry) => line.includes(entry.path) || line.includes(entry.client)),
  )
  if (faults.length > 0 || ours.length > 0)
    throw new DomusError(
      'command-failed',
      `mountd on ${step.on} did not take the exports: ${[...faults, ...said].join('; ')}`,
    )
  const gone = lostOf(step, before.table, table, (path) => !isDeclared(step.content, path))
  if (gone.length > 0) context.warn(`mountd on ${step.on} has read its file again: ${gone.join('; ')}`)
  if (said.length > 0)
    context.warn(`mountd on ${step.on} has complaints about lines that are not ours: ${said.join('; ')}`)
  return 'changed'
}

async function undo(machine: Machine, step: ExportStep, saved: SavedExportsFile): Promise<void> {
  const file = await machine.readFile(step.path)
  const old = saved.file?.content
  if (file?.content !== old && file?.content !== step.content) {
    const message = `${step.path} on ${step.on} is neither as it was nor as domus wrote it: somebody has changed it since`
    throw new DomusError('command-failed', message)
  }
  if (file?.content !== old) await putFile(machine, step.path, old, saved.file)
  const wanted = { before: step.after, after: step.before, content: old ?? '' }
  const { faults } = await reload(machine, (now) => faultsOf(wanted, [], now))
  if (faults.length > 0)
    throw new DomusError(
      'command-failed',
      `the exports of ${step.on} are not as before: ${faults.join('; ')}`,
    )
}

/** Writes the whole file, with the mode and owner it had; without a content it goes. */
async function putFile(
  machine: Machine,
  path: string,
  content: string | undefined,
  old: FileState | undefined,
): Promise<void> {
  if (content === undefined) return machine.removeFile(path)
  const { mode, uid, gid } = old ?? { mode: 0o644, uid: 0, gid: 0 }
  await machine.writeFile(path, { content, mode, uid, gid })
}

const COMPLAINT = /bad exports list line|can't change attributes|can't get address/

// mountd answers a signal when it gets to it; each look takes as long as showmount does, and half a second more.
const LOOKS = 20

/** Makes mountd read again, and looks until all is as it should be or it had time enough. */
async function reload(
  machine: Machine,
  check: (table: readonly LiveExport[]) => string[],
): Promise<{ faults: string[]; table: readonly LiveExport[]; log: string[] }> {
  const mark = readTagged((await machine.run(logSizeArgv)).stdout)('S')[0]
  const logSize = /^\d+$/.test(mark ?? '') ? Number(mark) : 0
  const { exitCode, stderr } = await machine.run(reloadArgv)
  if (exitCode !== 0)
    throw new DomusError(
      'command-failed',
      `cannot tell mountd on ${machine.address} to read its exports again: ${stderr.trim() || 'is it running?'}`,
    )
  let seen = { faults: ['mountd was not asked'], table: [] as readonly LiveExport[], log: [] as string[] }
  for (let look = 0; look < LOOKS && seen.faults.length > 0; look++) {
    if (look > 0) await machine.run(['sleep', '0.5'])
    const { table, log } = await readExported(machine, logSize)
    seen = { faults: check(table), table, log }
  }
  return seen
}

/** @throws DomusError 'command-failed' when showmount does not answer */
async function readExported(machine: Machine, logSize: number) {
  const { stdout } = await machine.run(resultArgv(logSize))
  const table = readShowmount(stdout)
  if (table.kind === 'unknown')
    throw new DomusError('command-failed', `cannot see the exports of ${machine.address}: ${table.reason}`)
  return { table: table.value, log: readTagged(stdout)('G') }
}

/** What is not as it should be; showmount tells who may mount what, not how. */
function faultsOf(
  { before, after, content }: Pick<ExportStep, 'before' | 'after' | 'content'>,
  old: readonly LiveExport[],
  now: readonly LiveExport[],
): string[] {
  const isShown = shownIn(now)
  const live = new Set(now.map(keyOf))
  const wanted = new Set(after.map(keyOf))
  return [
    ...after
      .filter((entry) => !isShown(entry))
      .map(({ path, client }) => `${path} is not exported to ${client}`),
    ...before
      .filter((entry) => !wanted.has(keyOf(entry)) && live.has(keyOf(entry)))
      .map(({ path, client }) => `${path} is still exported to ${client}`),
    ...lostOf({ before, after }, old, now, (path) => isDeclared(content, path)),
  ]
}

/** Exports of others that were there and are not any more, of directories that `counts`. */
function lostOf(
  { before, after }: Pick<ExportStep, 'before' | 'after'>,
  old: readonly LiveExport[],
  now: readonly LiveExport[],
  counts: (path: string) => boolean,
): string[] {
  const ours = new Set([...before, ...after].map(keyOf))
  const live = new Set(now.map(keyOf))
  return old
    .filter((entry) => !ours.has(keyOf(entry)) && !live.has(keyOf(entry)) && counts(entry.path))
    .map(({ path, client }) => `${path} is not exported to ${client} any more, which is not ours`)
}

/** Whether a line of the file exports a directory: if none does, its export was bound to go with the next signal. */
const isDeclared = (content: string, path: string) =>
  readMountd(content, () => undefined).exports.some(({ directories }) => directories.includes(path))
