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
  const values = new Map<string, SymbolValue>()
  const duplicates = new Set<string>()
  for (const [, isSet, value, isNotSet] of text.matchAll(LINE)) {
    const symbol = isSet ?? isNotSet ?? ''
    const next = isNotSet === undefined ? (value ?? '').trimEnd() : 'n'
    if (values.has(symbol) && values.get(symbol) !== next) duplicates.add(symbol)
    values.set(symbol, next)
  }
  const header = HEADER.exec(text.slice(0, HEADER_WITHIN))
  const version = header?.[2] ?? header?.[3]
  return {
    version,
    arch: exactArch(header?.[1], values),
    values,
    incomplete: whyIncomplete(text, version, values),
    duplicates: [...duplicates],
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

// No part of these may match the same characters in two ways: a hostile line would take for ever.
const LINE = /^(?:CONFIG_(\w+)=([^\n]*)|# CONFIG_(\w+) is not set\s*)$/gm
const HEADER_WITHIN = 2000 // characters; kconfig writes it in the first four lines
const HEADER = /^# (?:Linux\/(\S+) (\d\S*) Kernel Configuration|Linux kernel version: (\d\S*))\s*$/m
const FEWEST_SYMBOLS = 400 // a tinyconfig of 6.1 has 790; savedefconfig files have a few hundred at most

function exactArch(word: string | undefined, values: ReadonlyMap<string, string>): string | undefined {
  if (values.get('X86_64') === 'y') return 'x86_64'
  if (word === 'x86' || values.get('X86_32') === 'y') return 'i386'
  return word
}

function whyIncomplete(
  text: string,
  version: string | undefined,
  values: ReadonlyMap<string, string>,
): string | undefined {
  if (version === undefined || parseVersion(version) === undefined) {
    return 'it has no "# Linux/… Kernel Configuration" header, so it is a fragment or a savedefconfig: what it does not mention may have any value'
  }
  if (values.size < FEWEST_SYMBOLS) {
    return `it has only ${values.size} symbols, so it is a savedefconfig or cut off: what it does not mention may have any value`
  }
  if (!hasEnd(text, values)) {
    return 'its end is missing (the section "Kernel hacking"), so it is cut off: what it does not mention may have any value'
  }
  const torn = tornMenu(text)
  if (torn !== undefined) return `the beginning of its section "${torn}" is missing, so a part was cut out`
  if (!/^# CONFIG_\w+ is not set/m.test(text)) return 'its "is not set" lines were removed'
  return undefined
}

// Since 5.2 every menu is closed by a comment, and "Kernel hacking" closes last. Older files end with the
// sections that hold these two symbols, in one order or the other.
function hasEnd(text: string, values: ReadonlyMap<string, string>): boolean {
  if (/^# end of /m.test(text)) return /^# end of Kernel hacking\s*$/m.test(text)
  return values.has('HAS_IOMEM') && values.has('DEBUG_KERNEL')
}

const END_OF = 'end of '

function tornMenu(text: string): string | undefined {
  const titles = new Set<string>()
  for (const [, comment = ''] of text.matchAll(/^# ([^\n]+)$/gm)) {
    const title = comment.trimEnd()
    if (!title.startsWith(END_OF)) titles.add(title)
    else if (!titles.has(title.slice(END_OF.length))) return title.slice(END_OF.length)
  }
  return undefined
}
