/** A disk as xl reads its specification. */
export interface Disk {
  readonly target: string | undefined
  readonly format: string | undefined
  readonly vdev: string | undefined
  readonly access: 'r' | 'w'
  readonly isCdrom: boolean
  readonly script: string | undefined
  /** The driver domain that has it. */
  readonly backend: string | undefined
  readonly backendtype: string | undefined
  /** `phy:`, `tap:` and the like, in order: today they say nothing. */
  readonly prefixes: readonly string[]
  readonly hasDirectIoSafe: boolean
}

/** Either a disk, or what xl says instead, and at which character of the text. */
export type ReadDisk = { readonly disk: Disk } | { readonly message: string; readonly offset: number }

type Draft = { -readonly [K in keyof Disk]: Disk[K] } & { accessSet: boolean }

/** One rule of the scanner; the longest match wins, the first of equally long ones. */
interface Rule {
  readonly pattern: RegExp
  /** What counts for "longest": the whole rest of the text, where the rule looks that far ahead. */
  readonly length?: (rest: string, matched: string) => number
  /** Returns a message when xl stops here. */
  readonly act: (disk: Draft, matched: string) => string | undefined
}

const FORMATS = ['', 'raw', 'qcow', 'qcow2', 'vhd', 'empty', 'qed']
const ACCESS: ReadonlyMap<string, 'r' | 'w'> = new Map([
  ['r', 'r'],
  ['ro', 'r'],
  ['', 'w'],
  ['w', 'w'],
  ['rw', 'w'],
])

/** Reads one entry of `disk`. @see tools/libs/util/libxlu_disk_l.l, libxlu_disk.c: xlu_disk_parse (Xen 4.17) */
export function readDisk(text: string): ReadDisk {
  const disk: Draft = {
    target: undefined,
    format: undefined,
    vdev: undefined,
    access: 'w',
    isCdrom: false,
    script: undefined,
    backend: undefined,
    backendtype: undefined,
    prefixes: [],
    hasDirectIoSafe: false,
    accessSet: false,
  }
  for (let offset = 0; offset < text.length; ) {
    const rest = text.slice(offset)
    const found = longest(rest)
    if (found === undefined) return { message: `bad disk syntax near ${rest}`, offset }
    const message = found.rule.act(disk, found.matched)
    if (message !== undefined) return { message, offset }
    offset += found.matched.length
  }
  return finish(disk, text.length)
}

function finish(disk: Draft, offset: number): ReadDisk {
  if (disk.vdev === undefined) return { message: 'no vdev, such as xvda, is given', offset }
  if (disk.target === undefined && !disk.isCdrom) return { message: 'no target is given', offset }
  const { accessSet: _, ...read } = disk
  return { disk: { ...read, format: disk.format ?? 'raw', access: disk.isCdrom ? 'r' : disk.access } }
}

function longest(rest: string): { rule: Rule; matched: string } | undefined {
  let best: { rule: Rule; matched: string } | undefined
  let bestLength = 0
  for (const rule of RULES) {
    const matched = rule.pattern.exec(rest)?.[0]
    if (matched === undefined || matched === '') continue
    const length = rule.length?.(rest, matched) ?? matched.length
    if (length > bestLength) {
      best = { rule, matched }
      bestLength = length
    }
  }
  return best
}

const afterEquals = (matched: string) => matched.slice(matched.indexOf('=') + 1).replace(/,$/, '')

function setFormat(disk: Draft, name: string): string | undefined {
  if (!FORMATS.includes(name)) return `${name} is no format: raw, qcow, qcow2, vhd and qed are`
  const format = name === '' ? 'raw' : name
  if (disk.format !== undefined && disk.format !== format)
    return `the format is given twice: ${disk.format} and ${format}`
  disk.format = format
  return undefined
}

function setAccess(disk: Draft, word: string): string | undefined {
  const access = ACCESS.get(word)
  if (access === undefined) return `${word} is no access: r and w are`
  disk.access = access
  return undefined
}

function setOnce(
  disk: Draft,
  key: 'vdev' | 'script' | 'target' | 'backend',
  value: string,
): string | undefined {
  if (disk[key]) return `the ${key} is given twice: ${disk[key]} and ${value}`
  disk[key] = value
  return undefined
}

const setCdrom = (isCdrom: boolean) => (disk: Draft) => {
  disk.isCdrom = isCdrom
  return undefined
}

function setDirectIoSafe(disk: Draft): undefined {
  disk.hasDirectIoSafe = true
}

const noted = (key: string): Rule => ({ pattern: new RegExp(`^${key}=[^,]*,?`), act: () => undefined })
const flag = (key: string): Rule => ({ pattern: new RegExp(`^${key},?`), act: () => undefined })

const RULES: readonly Rule[] = [
  { pattern: /^[ \t\n]+/, length: (rest) => rest.length, act: () => undefined },
  { pattern: /^format=[^,]*,?/, act: (disk, matched) => setFormat(disk, afterEquals(matched)) },
  { pattern: /^(?:devtype=)?cdrom,?/, act: setCdrom(true) },
  { pattern: /^devtype=disk,?/, act: setCdrom(false) },
  {
    pattern: /^devtype=[^,]*,?/,
    act: (_disk, matched) => `${afterEquals(matched)} is no devtype: cdrom and disk are`,
  },
  { pattern: /^access=[^,]*,?/, act: (disk, matched) => setAccess(disk, afterEquals(matched)) },
  { pattern: /^backend=[^,]*,?/, act: (disk, matched) => setOnce(disk, 'backend', afterEquals(matched)) },
  {
    pattern: /^backendtype=[^,]*,?/,
    act: (disk, matched) => {
      const type = afterEquals(matched)
      if (!['phy', 'tap', 'qdisk', 'standalone'].includes(type))
        return `${type} is no backendtype: phy and qdisk are`
      disk.backendtype = type
      return undefined
    },
  },
  {
    pattern: /^specification=[^,]*,?/,
    act: (_disk, matched) =>
      ['xen', 'virtio'].includes(afterEquals(matched))
        ? undefined
        : `${afterEquals(matched)} is no specification`,
  },
  { pattern: /^vdev=[^,]*,?/, act: (disk, matched) => setOnce(disk, 'vdev', afterEquals(matched)) },
  { pattern: /^script=[^,]*,?/, act: (disk, matched) => setOnce(disk, 'script', afterEquals(matched)) },
  { pattern: /^direct-io-safe,?/, act: setDirectIoSafe },
  ...['discard', 'no-discard', 'colo', 'no-colo', 'trusted', 'untrusted'].map(flag),
  ...['colo-host', 'colo-port', 'colo-export', 'active-disk', 'hidden-disk'].map(noted),
  { pattern: /^target=.*/s, act: (disk, matched) => setOnce(disk, 'target', afterEquals(matched)) },
  // Their patterns look at all that follows, so they win over everything of the same length.
  {
    pattern: /^(?:raw|qcow2?|vhd):/,
    length: (rest) => rest.length,
    act: (disk, matched) => {
      disk.prefixes = [...disk.prefixes, matched]
      return setFormat(disk, matched.slice(0, -1))
    },
  },
  {
    pattern: /^(?:iscsi|e?nbd|drbd):/,
    length: (rest) => rest.length,
    act: (disk, matched) => {
      disk.prefixes = [...disk.prefixes, matched]
      return setOnce(disk, 'script', `block-${matched.slice(0, -1)}`)
    },
  },
  {
    pattern: /^(?:tapdisk|tap2?|aio|ioemu|file|phy):/,
    length: (rest) => rest.length,
    act: (disk, matched) => {
      disk.prefixes = [...disk.prefixes, matched]
      return undefined
    },
  },
  {
    pattern: /^[a-z][a-z0-9]*:(?=[^a-z0-9]|$)/,
    length: (rest) => rest.length,
    act: (_disk, matched) => `${matched} is no prefix that xl knows`,
  },
  { pattern: /^[^=,]*,|^[^=,]+,?/, act: positional },
]

/** `TARGET,FORMAT,VDEV,ACCESS`, without FORMAT after a prefix. */
function positional(disk: Draft, matched: string): string | undefined {
  const word = matched.replace(/,$/, '')
  if (disk.target === undefined) return setOnce(disk, 'target', word)
  if (disk.prefixes.length === 0 && disk.format === undefined) {
    if (disk.target !== '' || !word.includes(':')) return setFormat(disk, word)
    disk.format = 'empty'
    return setVdev(disk, word)
  }
  if (disk.vdev === undefined) return setVdev(disk, word)
  if (disk.accessSet) return `too many fields: ${word}`
  disk.accessSet = true
  return setAccess(disk, word)
}

/** `VDEV` or `VDEV:cdrom`. */
function setVdev(disk: Draft, word: string): string | undefined {
  const colon = word.lastIndexOf(':')
  if (colon < 0) return setOnce(disk, 'vdev', word)
  const type = word.slice(colon + 1)
  if (type !== 'cdrom' && type !== 'disk') return `${type} is no type of disk: cdrom and disk are`
  disk.isCdrom = type === 'cdrom'
  return setOnce(disk, 'vdev', word.slice(0, colon))
}

/** The same disk as today's xl wants it, without prefixes that say nothing. */
export function formatDisk(disk: Disk): string {
  const { target = '', format, vdev, access, isCdrom, script, backend, backendtype, hasDirectIoSafe } = disk
  const more = [
    ...(script === undefined ? [] : [`script=${script}`]),
    ...(backend === undefined ? [] : [`backend=${backend}`]),
    ...(backendtype === undefined ? [] : [`backendtype=${backendtype}`]),
    ...(hasDirectIoSafe ? ['direct-io-safe'] : []),
    ...(isCdrom ? ['devtype=cdrom'] : []),
  ]
  if (!/[,:=]/.test(target) && format !== 'empty') return [target, format, vdev, access, ...more].join(',')
  const named = [`format=${format}`, `vdev=${vdev}`, `access=${access}`, ...more]
  return [...named, ...(target === '' ? [] : [`target=${target}`])].join(',') // target= takes all the rest
}
