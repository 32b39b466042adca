import type { SymbolValue } from './config.ts'
import type { DependencyTable } from './dependencies.ts'
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
    next = firstUnmet(table.symbols[next.symbol]?.depends, have, seen)
    if (next === undefined) break
    seen.add(next.symbol)
    chain.push(next)
  }
  return chain
}

function firstUnmet(
  depends: string | undefined,
  have: (symbol: string) => SymbolValue,
  seen: ReadonlySet<string>,
): Blocker | undefined {
  if (depends === undefined) return undefined
  return blockersIn(parseExpression(depends), true, have).find(({ symbol }) => !seen.has(symbol))
}

// All symbols whose change would help, those of the first unmet part first.
function blockersIn(
  expression: Expression,
  mustHold: boolean,
  have: (symbol: string) => SymbolValue,
): readonly Blocker[] {
  const level = evaluate(expression, have)
  if (mustHold ? level === 2 : level === 0) return []
  switch (expression.kind) {
    case 'symbol':
      return [{ symbol: expression.name, must: mustHold ? 'y' : 'n' }]
    case 'literal':
      return []
    case 'not':
      return blockersIn(expression.of, !mustHold, have)
    case 'compare':
      return comparisonBlocker(expression, mustHold)
    case 'and':
    case 'or':
      return expression.of.flatMap((each) => blockersIn(each, mustHold, have))
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
