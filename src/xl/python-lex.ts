import type { Position } from './syntax.ts'

/** A token of the little Python that configs of xend's days are written in. */
export interface PythonToken {
  readonly kind: 'name' | 'number' | 'string' | 'sign' | 'newline' | 'end' | 'fault'
  /** Of a string its value, of a sign the sign, of the rest of a line that cannot be read (fault) the reason. */
  readonly text: string
  readonly at: Position
  /** Offsets in the text. */
  readonly start: number
  readonly end: number
}

const BLANK = /(?:[ \t\f\r]|\\\r?\n)+/y
const COMMENT = /#[^\n]*/y
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const NUMBER = /0[xX][0-9a-fA-F]+[lL]?|0[oO]?[0-7]+|\d+\.\d*|\d+[lL]?/y
const STRING_START = /[rRuUbB]{0,2}("""|'''|"|')/y
const SIGN = /\*\*|==|!=|<=|>=|\+=|-=|[-+*/%=<>()[\]{},:;.!&|^~@`]/y

/** Splits Python text into tokens; newlines inside brackets are blanks. */
export function lexPython(text: string): PythonToken[] {
  const tokens: PythonToken[] = []
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  let line = 0
  const placeOf = (offset: number): Position => {
    while ((lineStarts[line + 1] ?? Number.POSITIVE_INFINITY) <= offset) line++ // offsets only grow
    return { line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1 }
  }
  const add = (kind: PythonToken['kind'], value: string, start: number, end: number) =>
    tokens.push({ kind, text: value, at: placeOf(start), start, end })
  let depth = 0
  for (let index = 0; index < text.length; ) {
    const start = index
    const take = (rule: RegExp) => {
      rule.lastIndex = index
      const found = rule.exec(text)
      if (found) index += found[0].length
      return found
    }
    if (take(BLANK) || take(COMMENT)) continue
    if (text[index] === '\n') {
      index++
      if (depth === 0) add('newline', '\n', start, index)
      continue
    }
    const opening = take(STRING_START)
    if (opening) {
      const body = stringBody(text, index, opening[1] ?? '')
      if (body === undefined) {
        index = nextLine(text, index)
        add('fault', 'the string does not end', start, index)
      } else {
        index = body.end
        add('string', /^[rR]|^.[rR]/.test(opening[0]) ? body.raw : unescapePython(body.raw), start, index)
      }
      continue
    }
    const found = take(NAME)
    if (found) {
      add('name', found[0], start, index)
      continue
    }
    const number = take(NUMBER)
    if (number) {
      add('number', number[0], start, index)
      continue
    }
    const sign = take(SIGN)?.[0]
    if (sign === undefined) {
      index = nextLine(text, index)
      add('fault', `unexpected character ${JSON.stringify(text[start])}`, start, index)
      continue
    }
    if ('([{'.includes(sign)) depth++
    if (')]}'.includes(sign)) depth = Math.max(0, depth - 1)
    add('sign', sign, start, index)
  }
  add('end', '', text.length, text.length)
  return tokens
}

const nextLine = (text: string, index: number) => {
  const end = text.indexOf('\n', index)
  return end < 0 ? text.length : end
}

function stringBody(text: string, from: number, quote: string): { raw: string; end: number } | undefined {
  for (let index = from; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text.startsWith(quote, index)) return { raw: text.slice(from, index), end: index + quote.length }
    else if (text[index] === '\n' && quote.length === 1) return undefined
  }
  return undefined
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** Of an escape it does not know, Python keeps the backslash. */
const unescapePython = (raw: string) =>
  raw.replace(
    /\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.|\n))/g,
    (all, hex?: string, octal?: string, letter?: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
      return ESCAPES[letter ?? ''] ?? all
    },
  )
