import { parseVersion } from './version.ts'

/**
 * What a file says of a symbol: `y`, `m`, `n`, another literal (a number, a string with its quotes),
 * `absent` (the file is complete and does not mention it: its dependencies are not met, or it does not exist
 * in that kernel), or `undetermined` (nothing can be said).
 */
export type SymbolValue = string

/** A kernel configuration file as read. */
export interface KernelConfig {
  /** `6.1.192`, from the header; undefined without a header. */
  readonly version: string | undefined
  /** kconfig's word from the header (`x86`, `arm64`), made exact: `x86_64`, `i386`, `arm64` … */
  readonly arch: string | undefined
  readonly values: ReadonlyMap<string, SymbolValue>
  /** Why nothing may be concluded from a missing line; undefined for a complete `.config`. */
  readonly incomplete: string | undefined
  /** Symbols that are set twice to different values; the last one counts. */
  readonly duplicates: readonly string[]
}

/**
 * Reads a `.config` as kconfig wrote it (scripts/kconfig/confdata.c): `CONFIG_X=value` and
 * `# CONFIG_X is not set`, the last line of a symbol counts, line ends of DOS are fine.
 *
 * Names in the result carry no `CONFIG_`.
 */
export function parseConfig(text: string): KernelConfig {
  const lines = readLines(text)
  const header = HEADER.exec(text.slice(0, HEADER_WITHIN))
  const version = header?.[2] ?? header?.[3]
  return {
    version,
    arch: exactArch(header?.[1], lines.values),
    values: lines.values,
    incomplete: whyIncomplete(lines, version),
    duplicates: [...lines.duplicates],
  }
}

/** The value of a symbol, given without `CONFIG_`. */
export function symbolValue(config: KernelConfig, symbol: string): SymbolValue {
  if (config.incomplete !== undefined) return 'undetermined'
  return config.values.get(symbol) ?? 'absent'
}

/** Says whether a text has at least one line of a kernel configuration in it. */
export function looksLikeConfig(text: string): boolean {
  return /^(?:CONFIG_\w+=|# CONFIG_\w+ is not set)/m.test(text)
}

interface Lines {
  readonly values: Map<string, SymbolValue>
  readonly duplicates: Set<string>
  /** Whether there is a "# CONFIG_X is not set". */
  hasUnset: boolean
  /** The titles of menus that are closed by a comment. */
  readonly closed: Set<string>
  /** The first menu that is closed without having begun. */
  torn: string | undefined
}

const ASSIGNMENT = 'CONFIG_'
const UNSET = '# CONFIG_'
const IS_NOT_SET = ' is not set'
const END_OF = '# end of '

// One pass over the lines, without an expression per line: that takes a fifth of the time, and cannot be led astray.
function readLines(text: string): Lines {
  const lines: Lines = {
    values: new Map(),
    duplicates: new Set(),
    hasUnset: false,
    closed: new Set(),
    torn: undefined,
  }
  const titles = new Set<string>()
  for (let at = 0, end = 0; at < text.length; at = end + 1) {
    end = text.indexOf('\n', at)
    if (end === -1) end = text.length
    const line = text.slice(at, end).trimEnd()
    if (line.startsWith(ASSIGNMENT)) assign(lines, line)
    else if (line.startsWith(UNSET) && line.endsWith(IS_NOT_SET)) unset(lines, line)
    else if (line.startsWith(END_OF)) close(lines, line.slice(END_OF.length), titles)
    else if (line.startsWith('# ')) titles.add(line.slice(2))
  }
  return lines
}

function assign(lines: Lines, line: string) {
  const equals = line.indexOf('=')
  if (equals !== -1) put(lines, line.slice(ASSIGNMENT.length, equals), line.slice(equals + 1))
}

function unset(lines: Lines, line: string) {
  put(lines, line.slice(UNSET.length, -IS_NOT_SET.length), 'n')
  lines.hasUnset = true
}

function close(lines: Lines, title: string, titles: ReadonlySet<string>) {
  lines.closed.add(title)
  if (!titles.has(title)) lines.torn ??= title
}

function put({ values, duplicates }: Lines, symbol: string, value: SymbolValue) {
  if (!/^\w+$/.test(symbol)) return
  const before = values.get(symbol)
  if (before !== undefined && before !== value) duplicates.add(symbol)
  values.set(symbol, value)
}

const HEADER_WITHIN = 2000 // characters; kconfig writes it in the first four lines
const HEADER = /^# (?:Linux\/(\S+) (\d\S*) Kernel Configuration|Linux kernel version: (\d\S*))\s*$/m
const FEWEST_SYMBOLS = 400 // a tinyconfig of 6.1 has 790; savedefconfig files have a few hundred at most

function exactArch(word: string | undefined, values: ReadonlyMap<string, string>): string | undefined {
  if (values.get('X86_64') === 'y') return 'x86_64'
  if (word === 'x86' || values.get('X86_32') === 'y') return 'i386'
  return word
}

function whyIncomplete(lines: Lines, version: string | undefined): string | undefined {
  const { values, torn, hasUnset } = lines
  if (version === undefined || parseVersion(version) === undefined) {
    return 'it has no "# Linux/… Kernel Configuration" header, so it is a fragment or a savedefconfig: what it does not mention may have any value'
  }
  if (values.size < FEWEST_SYMBOLS) {
    return `it has only ${values.size} symbols, so it is a savedefconfig or cut off: what it does not mention may have any value`
  }
  if (!hasEnd(lines)) {
    return 'its end is missing (the section "Kernel hacking"), so it is cut off: what it does not mention may have any value'
  }
  if (torn !== undefined) return `the beginning of its section "${torn}" is missing, so a part was cut out`
  return hasUnset ? undefined : 'its "is not set" lines were removed'
}

// Since 5.2 every menu is closed by a comment, and "Kernel hacking" closes last. Older files end with the
// sections that hold these two symbols, in one order or the other.
function hasEnd({ closed, values }: Lines): boolean {
  if (closed.size > 0) return closed.has('Kernel hacking')
  return values.has('HAS_IOMEM') && values.has('DEBUG_KERNEL')
}
