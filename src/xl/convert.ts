import { type Converted, convertValue } from './convert-value.ts'
import { parseXl } from './parse.ts'
import { printValue } from './print.ts'
import { type PythonFault, type PythonStatement, runPython } from './python.ts'
import type { PythonValue } from './python-expression.ts'
import { xlValue } from './xm.ts'
import { CMDLINE_KEYS, type XmCmdline, xmCmdline } from './xm-cmdline.ts'

/** What became of one key, in words. */
export interface Change {
  readonly line: number
  readonly key: string
  readonly message: string
}

export interface Conversion {
  /** A config that xl reads; comments and what need not change are as they were. */
  readonly text: string
  readonly changes: readonly Change[]
  /** What could not be converted: it stands in the text as a comment, or as it was. */
  readonly left: readonly Change[]
}

/** Turns a config of xend's days into one for xl that makes the same guest. */
export function convertXm(original: string): Conversion {
  const text = withNewlines(original)
  const { statements, faults } = runPython(text)
  const values = new Map(statements.map(({ name, value }) => [name, value]))
  const cmdline = xmCmdline(values)
  const edits = [
    ...statements.map((statement) => editOf(statement, text, lastOf(statements, statement), values, cmdline)),
    ...faults.map((fault) => commentOut(text, fault)),
  ].toSorted((a, b) => a.start - b.start)
  const left = edits.filter(({ isLeft }) => isLeft === true)
  const changes = edits.filter(({ isLeft, message }) => isLeft !== true && message !== undefined)
  const fault = cmdline.fault === undefined ? [] : [{ line: 1, key: 'nfs_root', message: cmdline.fault }]
  return {
    text: applyEdits(text, edits),
    changes: changes.map(changeOf),
    left: [...fault, ...left.map(changeOf)],
  }
}

const withNewlines = (text: string) => {
  const unix = text.replaceAll('\r\n', '\n')
  return unix === '' || unix.endsWith('\n') ? unix : `${unix}\n`
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly line: number
  readonly key: string
  /** Absent: stays as it is; empty: goes away. */
  readonly replacement?: string
  readonly message?: string
  readonly isLeft?: boolean
}

const changeOf = ({ line, key, message = '' }: Edit): Change => ({ line, key, message })

const lastOf = (statements: readonly PythonStatement[], { name }: PythonStatement) =>
  statements.findLast((one) => one.name === name)

function editOf(
  statement: PythonStatement,
  text: string,
  last: PythonStatement | undefined,
  values: ReadonlyMap<string, PythonValue>,
  cmdline: XmCmdline,
): Edit {
  const { name: key, value, at, start, end } = statement
  const place = { start, end, line: at.line, key }
  if (last !== statement)
    return { ...place, replacement: '', message: `set again in line ${last?.at.line}, and that counts` }
  const converted = isCmdlineKey(key) ? intoCmdline(key, values, cmdline) : convertValue(key, value, values)
  const { left } = converted
  if (left !== undefined) return { ...place, message: left, isLeft: true }
  if (converted.lines === undefined) return { ...place, ...inXlSyntax(statement, text) }
  return {
    ...place,
    replacement: converted.lines,
    ...(converted.message !== undefined && { message: converted.message }),
  }
}

const isCmdlineKey = (key: string) => (CMDLINE_KEYS as readonly string[]).includes(key)

/** The first of these keys becomes `cmdline`, the others go. */
function intoCmdline(
  key: string,
  values: ReadonlyMap<string, PythonValue>,
  { cmdline, became }: XmCmdline,
): Converted {
  if (values.has('cmdline')) return { lines: '', message: 'xl ignores it because there is a cmdline' }
  const fate = became.get(key)
  const message = fate === undefined || fate === '' ? 'says nothing' : `is now in cmdline: ${fate}`
  const isFirst = [...values.keys()].find(isCmdlineKey) === key
  return { lines: isFirst && cmdline !== undefined ? assignment('cmdline', cmdline) : '', message }
}

/** A value that stays: as it was written, if xl reads the same from it. */
function inXlSyntax({ name, value, start, end }: PythonStatement, text: string): Partial<Edit> {
  const written = xlValue(value)
  if (written === undefined) return { replacement: '', message: 'is None, which says nothing' }
  const printed = `${name} = ${printValue(written)}`
  const [same] = parseXl(`${text.slice(start, end)}\n`).assignments
  if (same !== undefined && !same.adds && printValue(same.value) === printValue(written)) return {}
  return { replacement: printed, message: `is written out: ${printed}` }
}

const assignment = (key: string, value: PythonValue) => {
  const written = xlValue(value)
  return written === undefined ? '' : `${key} = ${printValue(written)}`
}

/** Lines of Python that nobody here runs; an import alone does nothing. */
function commentOut(text: string, { at, message, start, end }: PythonFault): Edit {
  const place = { start, end, line: at.line, key: '' }
  const source = text.slice(start, end)
  if (/^(?:import|from)\s/.test(source)) return { ...place, replacement: '', message: `${source}: left out` }
  const commented = source
    .split('\n')
    .map((line) => `# not converted: ${line}`)
    .join('\n')
  return { ...place, replacement: commented, message, isLeft: true }
}

/** Puts the replacements in their places; a line of which nothing is left goes with its newline. */
function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = ''
  let index = 0
  for (const { start, end, replacement } of edits) {
    if (replacement === undefined || start < index) continue
    result += text.slice(index, start)
    index = end
    if (replacement !== '') result += replacement
    else if (/(?:^|\n)[ \t]*$/.test(result)) {
      // A comment beside it stays, at the start of the line.
      index += /^[ \t]*;?[ \t]*\n?/.exec(text.slice(end))?.[0].length ?? 0
      result = result.replace(/[ \t]*$/, '')
    }
  }
  return result + text.slice(index)
}
