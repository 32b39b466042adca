import type { SymbolValue } from './config.ts'
import type { Dependency, DependencyTable } from './dependencies.ts'
import { type Expression, evaluate, levelOf, parseExpression } from './expression.ts'

/** Something that must change first: a symbol that must be on (at this level), or off. */
export interface Blocker {
  readonly symbol: string
  readonly must: 'y' | 'n'
}

/**
 * Follows the unmet dependencies of a symbol that should be y, nearest first: for ROOT_NFS without networking
 * IP_PNP, INET, NET. Empty when nothing but the symbol itself is in the way, or when the table does not know it.
 */
export function blame(
  symbol: string,
  table: DependencyTable | undefined,
  have: (symbol: string) => SymbolValue,
): readonly Blocker[] {
  const chain: Blocker[] = []
  const seen = new Set([symbol])
  let next: Blocker | undefined = { symbol, must: 'y' }
  while (next?.must === 'y' && table !== undefined) {
    next = firstUnmet(table.symbols[next.symbol], have, seen)
    if (next === undefined) break
    seen.add(next.symbol)
    chain.push(next)
  }
  return chain
}

function firstUnmet(
  entry: Dependency | undefined,
  have: (symbol: string) => SymbolValue,
  seen: ReadonlySet<string>,
): Blocker | undefined {
  if (entry?.depends === undefined) return undefined
  // A bool may be y on top of something that is m; kconfig rounds up for it.
  const enough = entry.type === 'tristate' ? 2 : 1
  return blockersIn(parseExpression(entry.depends), { mustHold: true, enough }, have).find(
    ({ symbol }) => !seen.has(symbol),
  )
}

interface Aim {
  readonly mustHold: boolean
  /** The level that counts as holding. */
  readonly enough: 1 | 2
}

// All symbols whose change would help, those of the first unmet part first.
function blockersIn(
  expression: Expression,
  aim: Aim,
  have: (symbol: string) => SymbolValue,
): readonly Blocker[] {
  const level = evaluate(expression, have)
  if (aim.mustHold ? level >= aim.enough : level === 0) return []
  switch (expression.kind) {
    case 'symbol':
      return [{ symbol: expression.name, must: aim.mustHold ? 'y' : 'n' }]
    case 'literal':
      return []
    case 'not':
      return blockersIn(expression.of, { ...aim, mustHold: !aim.mustHold }, have)
    case 'compare':
      return comparisonBlocker(expression, aim.mustHold)
    case 'and':
    case 'or':
      return expression.of.flatMap((each) => blockersIn(each, aim, have))
  }
}

function comparisonBlocker(
  { operator, left, right }: Extract<Expression, { kind: 'compare' }>,
  mustHold: boolean,
): readonly Blocker[] {
  if (left.kind !== 'symbol' || right.kind !== 'literal') return []
  const isEqual = (operator === '=') === mustHold
  if (operator !== '=' && operator !== '!=') return []
  return [{ symbol: left.name, must: isEqual === levelOf(right.text) > 0 ? 'y' : 'n' }]
}
