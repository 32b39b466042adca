import { lexXl, type Token } from './lex.ts'
import type { Assignment, SyntaxFault, Value } from './syntax.ts'

export interface ParsedXl {
  readonly assignments: readonly Assignment[]
  /** In the order of the text, one per line at most; with any of them xl refuses the whole file. */
  readonly faults: readonly SyntaxFault[]
}

/**
 * Reads the text of an xl config. After a fault it goes on with the next line, so that all are found.
 *
 * @see tools/libs/util/libxlu_cfg_y.y (Xen 4.17)
 */
export function parseXl(text: string): ParsedXl {
  const { tokens, faults } = lexXl(text)
  const cursor = new Cursor(tokens)
  const assignments: Assignment[] = []
  while (!cursor.is('end')) {
    if (cursor.skip('newline') || cursor.skip(';')) continue
    try {
      assignments.push(parseAssignment(cursor))
      if (!cursor.skip('newline') && !cursor.skip(';') && !cursor.is('end')) {
        throw unexpected(cursor, 'the end of the line, or ;')
      }
    } catch (fault) {
      if (!(fault instanceof Unexpected)) throw fault
      faults.push({ at: fault.token.at, message: fault.message })
      while (!cursor.is('newline') && !cursor.is('end')) cursor.next()
    }
  }
  return { assignments, faults: firstPerLine(faults) }
}

function parseAssignment(cursor: Cursor): Assignment {
  const key = cursor.token
  if (key.kind !== 'ident') throw unexpected(cursor, 'a name')
  cursor.next()
  const adds = cursor.skip('+=')
  if (!adds && !cursor.skip('=')) throw unexpected(cursor, '= or +=')
  return { key: key.text, adds, value: parseValue(cursor), at: key.at }
}

function parseValue(cursor: Cursor): Value {
  const { token } = cursor
  if (token.kind === 'string' || token.kind === 'number') {
    cursor.next()
    return { kind: 'text', text: token.text, isNumber: token.kind === 'number', at: token.at }
  }
  if (!cursor.skip('[')) throw unexpected(cursor, 'a string in quotes, a number or a list')
  const items: Value[] = []
  cursor.skipNewlines()
  while (!cursor.skip(']')) {
    items.push(parseValue(cursor))
    cursor.skipNewlines()
    if (cursor.skip(',')) cursor.skipNewlines()
    else if (!cursor.is(']')) throw unexpected(cursor, ', or ]')
  }
  return { kind: 'list', items, at: token.at }
}

class Cursor {
  readonly #tokens: readonly Token[]
  #index = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get token(): Token {
    return this.#tokens[this.#index] ?? { kind: 'end', at: { line: 1, column: 1 } }
  }

  is(kind: Token['kind']): boolean {
    return this.token.kind === kind
  }

  next(): void {
    this.#index++
  }

  skip(kind: Token['kind']): boolean {
    if (!this.is(kind)) return false
    this.next()
    return true
  }

  skipNewlines(): void {
    while (this.skip('newline'));
  }
}

class Unexpected extends Error {
  readonly token: Token

  constructor(token: Token, message: string) {
    super(message)
    this.token = token
  }
}

const unexpected = ({ token }: Cursor, wanted: string) =>
  new Unexpected(token, `${describe(token)} where ${wanted} was expected`)

function describe(token: Token): string {
  switch (token.kind) {
    case 'ident':
    case 'number':
      return token.text
    case 'string':
      return `the string ${JSON.stringify(token.text)}`
    case 'newline':
      return 'the end of the line'
    case 'end':
      return 'the end of the file'
    default:
      return token.kind
  }
}

function firstPerLine(faults: readonly SyntaxFault[]): SyntaxFault[] {
  const sorted = faults.toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
  return sorted.filter((fault, index) => sorted[index - 1]?.at.line !== fault.at.line)
}
