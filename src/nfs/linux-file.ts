import { DomusError } from '../errors.ts'
import type { Name } from '../model/grammar.ts'
import type { ExportEntry, FileFact } from '../plan/plan.ts'
import { bareEntry, entryFault, sortEntries } from './entries.ts'
import { frame, isIntact, parseFramed } from './framed.ts'
import type { FileVerdict, Owner } from './kind.ts'

/** Where our exports are on a Linux server; exports(5): every regular `*.exports` file is read, in version order. */
export const DROP_IN = '/etc/exports.d/domus.exports'

/** Where `--adopt` moves lines of others out of our file. */
export const KEPT_DROP_IN = '/etc/exports.d/domus-kept.exports'

/**
 * Renders the drop-in: a header with the hash of the rest, then one `path address(options)` line per export.
 *
 * No entries give no text: the file is removed then.
 */
export function renderDropIn(owner: Owner, entries: readonly ExportEntry[]): string {
  return entries.length === 0
    ? ''
    : frame('exports/linux', owner, sortEntries(entries).map(renderLine).join('\n'))
}

function renderLine(entry: ExportEntry): string {
  const fault = entryFault(entry)
  if (fault !== undefined)
    throw new DomusError('invalid-input', `cannot export ${entry.path} to ${entry.client}: ${fault}`)
  return `${entry.path} ${entry.client}(${optionsOf(entry)})`
}

/**
 * The options of an entry, as exportfs takes them.
 *
 * `subtree_check` keeps the reader of a shared image from forging handles of its neighbours; a writable root
 * cannot have it, since files that are renamed while open would go stale. @see exports(5)
 */
export function optionsOf({ access, fsid }: ExportEntry): string {
  const check = access === 'ro' ? 'subtree_check' : 'no_subtree_check'
  return `${access},sync,${check},no_root_squash,secure${fsid === undefined ? '' : `,fsid=${fsid}`}`
}

// Our own lines, with any options: what somebody may have made of one.
const LINE = /^(\/[A-Za-z0-9._+@=/-]+) ([0-9.]+)\(([A-Za-z0-9_,=:]*)\)$/

/** Reads a drop-in back. */
export const parseDropIn = (text: string, site: Name): FileVerdict => parseFramed(text, site, readLine)

function readLine(line: string): ExportEntry[] | undefined {
  const [, path = '', client = '', options = ''] = LINE.exec(line) ?? []
  const given = options.split(',')
  const fsid = given.find((option) => option.startsWith('fsid='))?.slice(5)
  const entry = bareEntry({
    path,
    client,
    access: given.includes('rw') ? 'rw' : 'ro',
    ...(fsid === undefined ? {} : { fsid }),
  })
  return entryFault(entry) === undefined ? [entry] : undefined
}

/**
 * What of a new drop-in its server's parser has not read yet: the header and the lines that are not in the file it
 * replaces, provided that the hash there proves them to be as domus wrote them, which it never does untried.
 *
 * Each line stands for itself: the grammar has no quotes, continuations or defaults for the lines that follow.
 */
export function untriedPart({ content, after, fileBefore }: DropInChange): {
  readonly content: string
  readonly entries: readonly ExportEntry[]
} {
  if (fileBefore.kind !== 'file' || !isIntact(fileBefore.content)) return { content, entries: after }
  const tried = new Set(fileBefore.content.split('\n').filter((line) => line.startsWith('/')))
  return {
    content: content
      .split('\n')
      .filter((line) => !tried.has(line))
      .join('\n'),
    entries: after.filter((entry) => !tried.has(renderLine(entry))),
  }
}

interface DropInChange {
  readonly content: string
  readonly after: readonly ExportEntry[]
  readonly fileBefore: FileFact
}
