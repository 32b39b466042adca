import type { Position, SyntaxFault } from './syntax.ts'

export type Token =
  | { readonly kind: 'ident' | 'number' | 'string'; readonly text: string; readonly at: Position }
  | { readonly kind: '=' | '+=' | '[' | ']' | ',' | ';' | 'newline' | 'end'; readonly at: Position }

const RULES: ReadonlyArray<readonly [RegExp, 'ident' | 'number' | 'string' | 'blank' | 'newline' | 'sign']> =
  [
    [/[a-z][._0-9a-z]*/y, 'ident'],
    [/[0-9][0-9a-fx]*/y, 'number'],
    [/[ \t]+/y, 'blank'],
    [/\+=|[=,[\];]/y, 'sign'],
    [/\n|#[^\n]*\n/y, 'newline'],
    [/'(?:[^'\\\n\0]|\\[^\n\0])*'|"(?:[^"\\\n\0]|\\[^\n\0])*"/y, 'string'],
  ]

/**
 * Splits a config into tokens, as xl's scanner does; what it cannot read becomes a fault, up to the next blank.
 *
 * @see tools/libs/util/libxlu_cfg_l.l (Xen 4.17)
 */
export function lexXl(text: string): { tokens: Token[]; faults: SyntaxFault[] } {
  const tokens: Token[] = []
  const faults: SyntaxFault[] = []
  let index = 0
  let line = 1
  let lineStart = 0
  const position = () => ({ line, column: index - lineStart + 1 })
  while (index < text.length) {
    const at = position()
    const [found, kind] = match(text, index)
    if (kind === undefined) {
      const bad = /[^ \t\n]*/y
      bad.lastIndex = index + 1
      const word = text.slice(index, index + 1) + (bad.exec(text)?.[0] ?? '')
      faults.push({ at, message: unreadable(word, text, index) })
      index += word.length
      continue
    }
    index += found.length
    if (kind === 'ident' || kind === 'number') tokens.push({ kind, text: found, at })
    if (kind === 'string') tokens.push({ kind, text: dequote(found, at, faults), at })
    if (kind === 'sign') tokens.push({ kind: found as '=', at }) // the rule matches the signs of Token only
    if (kind === 'newline') {
      tokens.push({ kind, at })
      line++
      lineStart = index
    }
  }
  tokens.push({ kind: 'end', at: position() })
  return { tokens, faults }
}

function match(text: string, index: number): readonly [string, (typeof RULES)[number][1] | undefined] {
  for (const [rule, kind] of RULES) {
    rule.lastIndex = index
    const found = rule.exec(text)
    if (found !== null) return [found[0], kind]
  }
  return ['', undefined]
}

function unreadable(word: string, text: string, index: number): string {
  if (word.startsWith('#')) return 'a comment in the last line needs a newline after it'
  if (word.startsWith('\r')) return 'the line ends with a carriage return: save the file with Unix line ends'
  if (word.startsWith('"') || word.startsWith("'")) return 'the string does not end on its line'
  if (/^[-+.():]/.test(word)) return `${word} looks like Python, which xl does not run`
  if (/^[A-Z_]/.test(word))
    return `${word}: names begin with a small letter, and hold small letters, digits, . and _`
  const shown = text.codePointAt(index) ?? 0
  return `unexpected character ${JSON.stringify(String.fromCodePoint(shown))}`
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
])

/**
 * Takes the quotes and escapes off a string. Numeric escapes are documented, but no release reads them: of
 * `\x41` xl always says "invalid digit", and the character of `\101` is dropped without a word
 * (libxlu_cfg.c: xlu__cfgl_dequote). Both are faults here.
 */
function dequote(quoted: string, { line, column }: Position, faults: SyntaxFault[]): string {
  return quoted.slice(1, -1).replace(/\\(.)/gs, (sequence, letter: string, offset: number) => {
    const character = ESCAPES.get(letter)
    if (character === undefined) {
      const message = /[x0-7]/.test(letter)
        ? `xl does not read the numeric escape ${sequence}: write the character itself`
        : `${sequence} is no escape: write \\\\ for a backslash`
      faults.push({ at: { line, column: column + 1 + offset }, message })
    }
    return character ?? ''
  })
}
