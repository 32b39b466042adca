import { add, Beyond, type PythonValue, readExpression } from './python-expression.ts'
import { lexPython, type PythonToken } from './python-lex.ts'
import type { Position, SyntaxFault } from './syntax.ts'

/** `name = value`, with its place in the text: `start` to `end`, without the newline. */
export interface PythonStatement {
  readonly name: string
  readonly value: PythonValue
  readonly at: Position
  readonly start: number
  readonly end: number
}

export interface PythonFault extends SyntaxFault {
  /** The lines that were not read. */
  readonly start: number
  readonly end: number
}

/**
 * Carries out a config of xend's days as far as it is plain: assignments of strings, numbers, lists, tuples,
 * True, False and None, names set before, and of `+`, `*` and `%` on these. All else is a fault, and nothing of
 * it is carried out.
 */
export function runPython(text: string): { statements: PythonStatement[]; faults: PythonFault[] } {
  const names = new Map<string, PythonValue>([
    ['True', true],
    ['False', false],
    ['None', undefined],
  ])
  const statements: PythonStatement[] = []
  const faults: PythonFault[] = []
  let broken: { end: number } | undefined
  for (const line of logicalLines(lexPython(text))) {
    const [first, ...rest] = line
    const last = line.at(-1)
    if (first === undefined || last === undefined) continue
    const indent = text.slice(first.start - first.at.column + 1, first.start)
    const isIndented = indent !== '' && indent.trim() === ''
    if (isIndented && broken !== undefined) {
      broken.end = last.end // the body of the statement that was not read
      continue
    }
    const place = { start: first.start, end: last.end }
    broken = undefined
    try {
      if (isIndented) throw new Beyond(first, 'an indented line without a statement before it')
      const { name, value } = runLine([first, ...rest], names)
      names.set(name, value)
      statements.push({ name, value, at: first.at, ...place })
    } catch (fault) {
      if (!(fault instanceof Beyond)) throw fault
      const found = { at: fault.token.at, message: fault.message, ...place }
      broken = found
      faults.push(found)
    }
  }
  return { statements, faults }
}

function* logicalLines(tokens: readonly PythonToken[]): Generator<PythonToken[]> {
  let line: PythonToken[] = []
  let depth = 0
  for (const token of tokens) {
    if (token.kind === 'sign' && '([{'.includes(token.text)) depth++
    if (token.kind === 'sign' && ')]}'.includes(token.text)) depth--
    const ends =
      token.kind === 'newline' ||
      token.kind === 'end' ||
      (depth === 0 && token.text === ';' && token.kind === 'sign')
    if (!ends) line.push(token)
    else {
      if (line.length > 0) yield line
      line = []
    }
  }
}

function runLine(
  line: readonly [PythonToken, ...PythonToken[]],
  names: Map<string, PythonValue>,
): { name: string; value: PythonValue } {
  const unreadable = line.find(({ kind }) => kind === 'fault')
  if (unreadable !== undefined) throw new Beyond(unreadable, unreadable.text)
  const [target, sign, ...rest] = line
  if (target.kind !== 'name' || sign === undefined || !['=', '+='].includes(sign.text))
    throw new Beyond(target, 'this is a Python statement, and only plain assignments are read')
  const value = readExpression(rest, names, sign)
  return { name: target.text, value: sign.text === '=' ? value : add(names.get(target.text), value, sign) }
}
