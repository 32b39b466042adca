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
  while (next?.must === 'y') {
    next = unmet(next.symbol, table, have, 'depends').find((blocker) => !seen.has(blocker.symbol))
    if (next === undefined) break
    seen.add(next.symbol)
    chain.push(next)
  }
  return chain
}

/** Everything that must change before a symbol can be set to y, what comes first first; without the symbol itself. */
export function allBlockers(
  symbol: string,
  table: DependencyTable | undefined,
  have: (symbol: string) => SymbolValue,
): readonly Blocker[] {
  const found = new Map<string, Blocker>()
  const seen = new Set([symbol])
  follow(symbol)
  return [...found.values()]

  function follow(from: string) {
    const blockers = [...unmet(from, table, have, 'depends'), ...unmet(from, table, have, 'promptIf')]
    for (const blocker of blockers) {
      if (seen.has(blocker.symbol)) continue
      seen.add(blocker.symbol)
      if (blocker.must === 'y') follow(blocker.symbol)
      found.set(blocker.symbol, blocker)
    }
  }
}

function unmet(
  symbol: string,
  table: DependencyTable | undefined,
  have: (symbol: string) => SymbolValue,
  part: 'depends' | 'promptIf',
): readonly Blocker[] {
  const entry = table?.symbols[symbol]
  const expression = entry?.[part]
  if (entry === undefined || expression === undefined) return []
  // A bool may be y on top of something that is m; kconfig rounds up for it.
  const enough = entry.type === 'tristate' ? 2 : 1
  return blockersIn(parseExpression(expression), { mustHold: true, enough }, have)
}

interface Aim {
  readonly mustHold: boolean
  /** The level that counts as holding. */
  readonly enough: 1 | 2
}

// The symbols that have to change: all of several conditions, and the fewest where one of several will do.
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
    case 'or': {
      const each = expression.of.map((part) => blockersIn(part, aim, have))
      const needsAll = (expression.kind === 'and') === aim.mustHold
      return needsAll ? each.flat() : fewest(each)
    }
  }
}

function fewest(choices: readonly (readonly Blocker[])[]): readonly Blocker[] {
  const possible = choices.filter((choice) => choice.length > 0)
  return possible.toSorted((a, b) => a.length - b.length)[0] ?? []
}

function comparisonBlocker(
  { operator, left, right }: Extract<Expression, { kind: 'compare' }>,
  mustHold: boolean,
): readonly Blocker[] {
  if (left.kind !== 'symbol' || right.kind !== 'literal') return []
  if (operator !== '=' && operator !== '!=') return []
  const isEqual = (operator === '=') === mustHold
  return [{ symbol: left.name, must: isEqual === levelOf(right.text) > 0 ? 'y' : 'n' }]
}
