import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One place where a symbol is defined; a symbol may have several. */
export interface Definition {
  readonly symbol: string
  readonly type: 'bool' | 'tristate' | 'string' | 'int' | 'hex' | undefined
  readonly prompt: string | undefined
  readonly promptIf: string | undefined
  /** The first unconditional default. */
  readonly default: string | undefined
  /** Menus, `if` blocks and `depends on` together. */
  readonly depends: readonly string[]
  /** The screens on the way to it. */
  readonly menu: readonly string[]
  readonly selects: readonly { readonly symbol: string; readonly when: string | undefined }[]
}

/**
 * Reads the Kconfig files of a kernel for x86 (Documentation/kbuild/kconfig-language.rst), as far as
 * dependencies, prompts, menus and selects go. Calls of the preprocessor in expressions, which ask the compiler
 * for its abilities, count as y.
 */
export function readKconfig(source: string): readonly Definition[] {
  const reader = new Reader(source)
  reader.read('Kconfig')
  return reader.definitions
}

interface Block {
  title: string | undefined
  readonly depends: string[]
}

type Draft = { -readonly [K in keyof Definition]: Definition[K] } & {
  depends: string[]
  selects: Definition['selects'][number][]
  isScreen: boolean
}

class Reader {
  readonly definitions: Definition[] = []
  private readonly source: string
  private readonly blocks: Block[] = []
  private draft: Draft | undefined
  /** Titles of menuconfig entries: what depends on them is shown on a screen of its own. */
  private readonly screens = new Map<string, string>()
  /** The last menuconfig, as long as what follows depends on it. */
  private open: { symbol: string; depth: number } | undefined

  constructor(source: string) {
    this.source = source
  }

  read(file: string) {
    for (const line of statements(readFileSync(join(this.source, file), 'utf8'))) {
      const [, word = '', rest = ''] = /^(\w+)\s*(.*)$/.exec(line) ?? []
      const attribute = ATTRIBUTES[word]
      if (this.draft !== undefined && attribute !== undefined) attribute(this.draft, rest, word)
      else this.take(word, rest)
    }
    this.finish()
  }

  private take(word: string, rest: string) {
    const block = this.blocks.at(-1)
    if (BEGINNINGS.test(word)) this.finish()
    if (word === 'depends') block?.depends.push(condition(rest.replace(/^on\s+/, '')))
    else if (word === 'prompt' && block !== undefined) block.title ??= quoted(rest)?.text
    else if (word === 'config' || word === 'menuconfig') this.begin(rest, word === 'menuconfig')
    else if (word === 'menu') this.enter(quoted(rest)?.text, [])
    else if (word === 'choice') this.enter(undefined, [])
    else if (word === 'if') this.enter(this.screens.get(/^\w+/.exec(rest)?.[0] ?? ''), [condition(rest)])
    else if (/^end(?:menu|choice|if)$/.test(word)) this.leave()
    else if (word === 'source') this.include(rest)
    // A comment has conditions of its own, which are of no interest.
    else if (word === 'comment') this.begin('', false)
  }

  private begin(symbol: string, isScreen: boolean) {
    this.draft = {
      symbol,
      type: undefined,
      prompt: undefined,
      promptIf: undefined,
      default: undefined,
      depends: [],
      menu: [],
      selects: [],
      isScreen,
    }
  }

  private enter(title: string | undefined, depends: string[]) {
    this.blocks.push({ title, depends })
  }

  private leave() {
    this.blocks.pop()
  }

  private include(rest: string) {
    const file = quoted(rest)?.text.replaceAll(/\$\((?:SRC)?ARCH\)/g, 'x86')
    if (file !== undefined && file !== 'scripts/Kconfig.include') this.read(file)
  }

  private finish() {
    const { draft } = this
    if (draft === undefined) return
    this.draft = undefined
    if (draft.symbol === '') return
    const { isScreen, ...own } = draft
    const titles = this.blocks.flatMap(({ title }) => (title === undefined ? [] : [title]))
    const above = this.screenAbove([...own.depends, own.promptIf ?? ''])
    const depends = [...this.blocks.flatMap((block) => block.depends), ...own.depends]
    this.definitions.push({ ...own, depends, menu: above === undefined ? titles : [...titles, above] })
    if (!isScreen || own.prompt === undefined) return
    this.screens.set(own.symbol, own.prompt)
    this.open = { symbol: own.symbol, depth: this.blocks.length }
  }

  private screenAbove(conditions: readonly string[]): string | undefined {
    const { open } = this
    if (open === undefined || open.depth !== this.blocks.length) return undefined
    const depends = conditions.some((text) => new RegExp(`\\b${open.symbol}\\b`).test(text))
    if (!depends) this.open = undefined
    return depends ? this.screens.get(open.symbol) : undefined
  }
}

const BEGINNINGS = /^(?:config|menuconfig|menu|choice|if|end\w+|source|comment)$/

const TYPE = (draft: Draft, rest: string, word: string) => {
  draft.type ??= word as Definition['type'] // the keys below that lead here
  PROMPT(draft, rest)
}
const PROMPT = (draft: Draft, rest: string) => {
  const found = quoted(rest)
  if (found === undefined) return
  draft.prompt ??= found.text
  draft.promptIf ??= conditionAfterIf(found.rest)
}
const DEFAULT_OF = (type: 'bool' | 'tristate') => (draft: Draft, rest: string) => {
  draft.type ??= type
  DEFAULT(draft, rest)
}
const DEFAULT = (draft: Draft, rest: string) => {
  draft.default ??= /^\S+$/.exec(rest)?.[0]
}
const NOTHING = () => undefined

const ATTRIBUTES: Readonly<Record<string, (draft: Draft, rest: string, word: string) => void>> = {
  bool: TYPE,
  tristate: TYPE,
  string: TYPE,
  int: TYPE,
  hex: TYPE,
  prompt: PROMPT,
  def_bool: DEFAULT_OF('bool'),
  def_tristate: DEFAULT_OF('tristate'),
  depends: (draft, rest) => {
    draft.depends.push(condition(rest.replace(/^on\s+/, '')))
  },
  select: (draft, rest) => {
    const [, symbol = '', after = ''] = /^(\w+)\s*(.*)$/.exec(rest) ?? []
    draft.selects.push({ symbol, when: conditionAfterIf(after) })
  },
  imply: NOTHING,
  default: DEFAULT,
  range: NOTHING,
  option: NOTHING,
  modules: NOTHING,
  optional: NOTHING,
}

/** The lines of a file that are not comments or help, continued lines joined. */
function statements(text: string): readonly string[] {
  const found: string[] = []
  let help: number | undefined
  for (const line of text.replaceAll(/\\\n/g, ' ').split('\n')) {
    const indent = line.replaceAll('\t', '        ').search(/\S/)
    if (indent === -1) continue
    if (help !== undefined) {
      // The first line of a help text sets its indentation; what is indented less ends it.
      if (help === 0) help = indent
      if (indent >= help && indent > 0) continue
      help = undefined
    }
    const statement = line.trim()
    if (/^(?:---)?help(?:---)?$/.test(statement)) help = 0
    else if (!statement.startsWith('#')) found.push(statement)
  }
  return found
}

function quoted(text: string): { text: string; rest: string } | undefined {
  const match = /^(["'])((?:\\.|(?!\1).)*)\1\s*(.*)$/.exec(text)
  return match === null
    ? undefined
    : { text: (match[2] ?? '').replaceAll(/\\(.)/g, '$1'), rest: match[3] ?? '' }
}

function conditionAfterIf(text: string): string | undefined {
  const found = /^if\s+(.+)$/.exec(text)?.[1]
  return found === undefined ? undefined : condition(found)
}

function condition(text: string): string {
  return text
    .replace(/\s+#.*$/, '')
    .replaceAll(/\$\((?:[^()]|\([^()]*\))*\)/g, 'y')
    .trim()
}
