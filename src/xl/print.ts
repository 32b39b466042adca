import { quoteXl } from './quote.ts'
import type { Assignment, Value } from './syntax.ts'

/** Writes assignments as the text of a config, one per line; xl reads the same from it. */
export const printXl = (assignments: readonly Pick<Assignment, 'key' | 'adds' | 'value'>[]) =>
  assignments.map(({ key, adds, value }) => `${key} ${adds ? '+=' : '='} ${printValue(value)}\n`).join('')

export function printValue(value: Value): string {
  if (value.kind === 'list')
    return value.items.length === 0 ? '[ ]' : `[ ${value.items.map(printValue).join(', ')} ]`
  return value.isNumber ? value.text : quoteXl(value.text)
}
