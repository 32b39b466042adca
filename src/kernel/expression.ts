import type { SymbolValue } from './config.ts'

/** A Kconfig expression (Documentation/kbuild/kconfig-language.rst), as the dependency tables write it. */
export type Expression =
  | { kind: 'symbol'; name: string }
  | { kind: 'literal'; text: string }
  | { kind: 'compare'; operator: '=' | '!=' | '<' | '<=' | '>' | '>='; left: Expression; right: Expression }
  | { kind: 'not'; of: Expression }
  | { kind: 'and' | 'or'; of: readonly Expression[] }

/** Three-valued as in Kconfig: n, m, y. */
export type Level = 0 | 1 | 2

/**
 * Reads `NFS_FS = y && IP_PNP && (A || !B)`.
 *
 * @throws SyntaxError naming the text; the tables are ours, so that this is a bug in them
 */
export function parseExpression(text: string): Expression {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|&&|\|\||[<>!]=|[!=<>()]|[\w.-]+/g) ?? []
  let at = 0
  const parsed = or()
  if (at !== tokens.length) throw new SyntaxError(`unexpected ${tokens[at]} in the expression ${text}`)
  return parsed

  function or(): Expression {
    const of = [and()]
    while (take('||')) of.push(and())
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'or', of }
  }
  function and(): Expression {
    const of = [unary()]
    while (take('&&')) of.push(unary())
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'and', of }
  }
  function unary(): Expression {
    if (take('!')) return { kind: 'not', of: unary() }
    if (take('(')) {
      const inner = or()
      if (!take(')')) throw new SyntaxError(`missing ) in the expression ${text}`)
      return inner
    }
    const left = term()
    const operator = OPERATORS.find((each) => take(each))
    return operator === undefined ? left : { kind: 'compare', operator, left, right: term() }
  }
  function term(): Expression {
    const token = tokens[at++]
    if (token === undefined || !/^[\w".-]/.test(token)) throw new SyntaxError(`incomplete expression ${text}`)
    if (token.startsWith('"')) return { kind: 'literal', text: token.slice(1, -1) }
    const isLiteral = /^(?:[nmy]|-?\d+|0x[0-9a-fA-F]+)$/.test(token)
    return isLiteral ? { kind: 'literal', text: token } : { kind: 'symbol', name: token }
  }
  function take(token: string): boolean {
    if (tokens[at] !== token) return false
    at++
    return true
  }
}

/** The level an expression has in a configuration; a symbol that is absent counts as n, as it does for kconfig. */
export function evaluate(expression: Expression, have: (symbol: string) => SymbolValue): Level {
  switch (expression.kind) {
    case 'symbol':
      return levelOf(have(expression.name))
    case 'literal':
      return levelOf(expression.text)
    case 'not':
      return inverse(evaluate(expression.of, have))
    case 'and':
      return least(expression.of.map((each) => evaluate(each, have)))
    case 'or':
      return inverse(least(expression.of.map((each) => inverse(evaluate(each, have)))))
    case 'compare':
      return compare(expression.operator, textOf(expression.left, have), textOf(expression.right, have))
  }
}

const OPERATORS = ['=', '!=', '<=', '>=', '<', '>'] as const

export function levelOf(value: SymbolValue): Level {
  return value === 'y' ? 2 : value === 'm' ? 1 : 0
}

function inverse(level: Level): Level {
  return level === 0 ? 2 : level === 2 ? 0 : 1
}

function least(levels: readonly Level[]): Level {
  return levels.includes(0) ? 0 : levels.includes(1) ? 1 : 2
}

function textOf(expression: Expression, have: (symbol: string) => SymbolValue): string {
  if (expression.kind === 'literal') return expression.text
  if (expression.kind !== 'symbol') return ''
  const value = have(expression.name)
  return value === 'absent' ? 'n' : value.replace(/^"(.*)"$/, '$1')
}

function compare(operator: (typeof OPERATORS)[number], left: string, right: string): Level {
  const numbers = [Number(left), Number(right)] as const
  const order = numbers.some(Number.isNaN)
    ? left < right
      ? -1
      : left > right
        ? 1
        : 0
    : numbers[0] - numbers[1]
  const holds = {
    '=': left === right || order === 0,
    '!=': left !== right && order !== 0,
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
  }[operator]
  return holds ? 2 : 0
}
