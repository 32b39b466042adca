import type { ExportEntry } from '../plan/plan.ts'
import type { LiveExport } from './facts.ts'
import { optionsOf } from './linux-file.ts'

// `path  client(options)`: `exportfs -s` parts them by two blanks, /var/lib/nfs/etab by a tab.
const LINE = /^(\S+)\s+(\S.*?)\(([^()]*)\)$/

/** Reads what `exportfs -s` prints, or an etab; lines of any other form are passed over. */
export function parseExportTable(text: string): LiveExport[] {
  const table: LiveExport[] = []
  // Thousands of entries have the same options: one set for all of them.
  const sets = new Map<string, ReadonlySet<string>>()
  for (const line of text.split('\n')) {
    const [, path, client, options] = LINE.exec(line) ?? []
    if (path === undefined || client === undefined || options === undefined) continue
    let set = sets.get(options)
    if (set === undefined) {
      set = new Set(options.split(',').filter((option) => option !== ''))
      sets.set(options, set)
    }
    table.push({ path: decodeOctal(path), client: decodeOctal(client), options: set })
  }
  return table
}

/**
 * Adds the options of an etab to a table of `exportfs -s`, which leaves out some that are not the default
 * (`insecure`, seen with nfs-utils 2.6.2).
 */
export function withEtab(table: readonly LiveExport[], etab: readonly LiveExport[]): LiveExport[] {
  const full = new Map(etab.map((entry) => [`${entry.path} ${entry.client}`, entry.options]))
  const both = new Map<ReadonlySet<string>, Map<ReadonlySet<string>, ReadonlySet<string>>>()
  return table.map((entry) => {
    const more = full.get(`${entry.path} ${entry.client}`)
    if (more === undefined) return entry
    const known = both.get(entry.options) ?? new Map<ReadonlySet<string>, ReadonlySet<string>>()
    both.set(entry.options, known)
    const options = known.get(more) ?? new Set([...entry.options, ...more])
    known.set(more, options)
    return { ...entry, options }
  })
}

/** exportfs prints the bytes of a path that are blank, `#` or not printable as a backslash and three octal digits. */
function decodeOctal(text: string): string {
  if (!text.includes('\\')) return text
  const bytes: number[] = []
  const raw = Buffer.from(text)
  for (let at = 0; at < raw.length; at++) {
    const octal = raw[at] === 0x5c ? /^[0-3][0-7]{2}$/.exec(raw.toString('latin1', at + 1, at + 4)) : null
    bytes.push(octal === null ? (raw[at] ?? 0) : Number.parseInt(octal[0], 8))
    if (octal !== null) at += 3
  }
  return Buffer.from(bytes).toString()
}

// Defaults as the table prints or omits them. Those that change nothing a guest may do are dropped as well.
const WITHOUT_MEANING = new Set([
  ...['sync', 'wdelay', 'no_wdelay', 'hide', 'nocrossmnt', 'secure', 'root_squash', 'no_all_squash'],
  ...['subtree_check', 'sec=sys', 'secure_locks', 'auth_nlm', 'acl', 'no_acl', 'no_pnfs'],
])
const WITH_MEANING =
  /^(?:ro|rw|async|nohide|crossmnt|insecure|no_root_squash|all_squash|no_subtree_check|insecure_locks|no_auth_nlm|pnfs|mp|mountpoint|fsid=.*|sec=.*|mp=.*|mountpoint=.*|refer=.*|replicas=.*|anon[ug]id=.*)$/

/**
 * What the options of a live entry mean, in one fixed spelling: defaults left out, the rest sorted.
 *
 * In the table, unlike in a file, a missing `no_subtree_check` means `subtree_check`. Options that this list
 * does not know (a newer nfs-utils prints more defaults) say nothing.
 */
export function meaningOf(options: ReadonlySet<string>): string {
  let meaning = meanings.get(options)
  if (meaning === undefined) {
    meaning = findMeaning(options)
    meanings.set(options, meaning)
  }
  return meaning
}

const meanings = new WeakMap<ReadonlySet<string>, string>()

function findMeaning(options: ReadonlySet<string>): string {
  const squashes = options.has('all_squash') || !options.has('no_root_squash')
  return [...options]
    .filter((option) => WITH_MEANING.test(option) && !WITHOUT_MEANING.has(option))
    .filter((option) => squashes || !/^anon[ug]id=/.test(option))
    .filter((option) => !/^anon[ug]id=65534$/.test(option))
    .map((option) =>
      /^fsid=[0-9a-f:-]{32,}$/i.test(option) ? option.toLowerCase().replaceAll(/[:-]/g, '') : option,
    )
    .sort()
    .join(',')
}

/** What an entry of ours must mean once it is live. */
export function meaningOfEntry(entry: ExportEntry): string {
  if (entry.fsid !== undefined) return findMeaning(new Set(optionsOf(entry).split(',')))
  return PLAIN[entry.access]
}

const PLAIN = { ro: plainMeaning('ro'), rw: plainMeaning('rw') }

function plainMeaning(access: ExportEntry['access']): string {
  return findMeaning(new Set(optionsOf({ path: '', client: '', access }).split(',')))
}

/**
 * The options of a live entry as `exportfs -o` takes them to make the same entry again, in one fixed order.
 *
 * The table leaves `subtree_check` out, which `-o` would read as `no_subtree_check`.
 */
export function spellOptions(options: ReadonlySet<string>): string {
  const all = new Set(options)
  if (!all.has('no_subtree_check')) all.add('subtree_check')
  const sec = [...all].filter((option) => option.startsWith('sec='))
  return [...[...all].filter((option) => !option.startsWith('sec=')).sort(), ...sec].join(',')
}
