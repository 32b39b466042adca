import { runPython } from './python.ts'
import type { PythonValue } from './python-expression.ts'
import { type Settings, settle } from './settings.ts'
import type { Assignment, Position, Value } from './syntax.ts'

/** Reads a config of xend's days as if its names were keys of xl; what is no plain assignment is left out. */
export function readXm(text: string): { assignments: Assignment[]; settings: Settings } {
  const assignments = runPython(text).statements.flatMap(({ name, value, at }) => {
    const written = xlValue(value, at)
    return written === undefined ? [] : [{ key: name, adds: false, value: written, at }]
  })
  return { assignments, settings: settle(assignments).settings }
}

const NOWHERE: Position = { line: 1, column: 1 }

/** The same value in xl's language: True is 1, None is nothing, a number that xl could not read is a string. */
export function xlValue(value: PythonValue, at = NOWHERE): Value | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'boolean') return xlValue(value ? 1 : 0, at)
  if (typeof value === 'string') return { kind: 'text', text: value, isNumber: false, at }
  if (typeof value === 'number') {
    return { kind: 'text', text: String(value), isNumber: /^\d+$/.test(String(value)), at }
  }
  const items = value.map((item) => xlValue(item, at)).filter((item) => item !== undefined)
  return { kind: 'list', items, at }
}
