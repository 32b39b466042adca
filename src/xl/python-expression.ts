import type { PythonToken } from './python-lex.ts'

/** What an expression of a config can come to. */
export type PythonValue = string | number | boolean | undefined | readonly PythonValue[]

/** Something that is more Python than is carried out here, with the token where it begins. */
export class Beyond extends Error {
  readonly token: PythonToken

  constructor(token: PythonToken, message: string) {
    super(message)
    this.token = token
  }
}

/**
 * Carries out an expression: sums and products of strings, numbers, lists, tuples and names that are known.
 *
 * @param before - the token before it, where an expression that is not there is missed
 * @throws Beyond for all else
 */
export const readExpression = (
  tokens: readonly PythonToken[],
  names: ReadonlyMap<string, PythonValue>,
  before: PythonToken,
): PythonValue => new Reader(tokens, names, before).all()

/** Reads one expression: sums of products of atoms. */
class Reader {
  readonly #tokens: readonly PythonToken[]
  readonly #names: ReadonlyMap<string, PythonValue>
  readonly #end: PythonToken
  #index = 0

  constructor(tokens: readonly PythonToken[], names: ReadonlyMap<string, PythonValue>, before: PythonToken) {
    this.#tokens = tokens
    this.#names = names
    this.#end = { ...(tokens.at(-1) ?? before), kind: 'end', text: '' }
  }

  get #token(): PythonToken {
    return this.#tokens[this.#index] ?? this.#end
  }

  #take(sign: string): boolean {
    if (this.#token.kind !== 'sign' || this.#token.text !== sign) return false
    this.#index++
    return true
  }

  /** The whole rest; a comma makes it a tuple. */
  all(): PythonValue {
    const first = this.#sum()
    const items = [first]
    while (this.#take(',')) if (this.#token.kind !== 'end') items.push(this.#sum())
    if (this.#token.kind !== 'end')
      throw new Beyond(this.#token, `${this.#token.text} is more Python than is read here`)
    return this.#tokens.some(({ kind, text }) => kind === 'sign' && text === ',') && items.length > 1
      ? items
      : first
  }

  #sum(): PythonValue {
    let value = this.#product()
    for (let sign = this.#token; this.#take('+'); sign = this.#token)
      value = add(value, this.#product(), sign)
    return value
  }

  #product(): PythonValue {
    let value = this.#atom()
    for (;;) {
      const sign = this.#token
      if (this.#take('%')) value = format(value, this.#atom(), sign)
      else if (this.#take('*')) value = times(value, this.#atom(), sign)
      else return value
    }
  }

  #atom(): PythonValue {
    const token = this.#token
    if (this.#take('-')) {
      const value = this.#atom()
      if (typeof value !== 'number') throw new Beyond(token, '- stands before something that is no number')
      return -value
    }
    if (this.#take('[')) return this.#items(']')
    if (this.#take('(')) return this.#parenthesis()
    this.#index++
    switch (token.kind) {
      case 'string':
        return this.#neighbours(token.text)
      case 'number':
        return numberOf(token.text)
      case 'name':
        if (this.#names.has(token.text) && !['(', '.', '['].includes(this.#token.text))
          return this.#names.get(token.text)
        throw new Beyond(token, `${token.text} is not set before, or is called as a function`)
      default:
        throw new Beyond(token, `${token.text || 'the end of the line'} where a value was expected`)
    }
  }

  /** Strings that stand side by side are one. */
  #neighbours(text: string): string {
    let joined = text
    while (this.#token.kind === 'string') {
      joined += this.#token.text
      this.#index++
    }
    return joined
  }

  #items(end: string): PythonValue[] {
    const items: PythonValue[] = []
    while (!this.#take(end)) {
      items.push(this.#sum())
      if (this.#take(end)) break
      if (!this.#take(','))
        throw new Beyond(this.#token, `${this.#token.text || 'the end'} where , or ${end} was expected`)
    }
    return items
  }

  /** `(x)` is x, `(x,)` and `()` are tuples. */
  #parenthesis(): PythonValue {
    if (this.#take(')')) return []
    const first = this.#sum()
    if (this.#take(')')) return first
    if (!this.#take(','))
      throw new Beyond(this.#token, `${this.#token.text || 'the end'} where ) was expected`)
    return [first, ...this.#items(')')]
  }
}

const numberOf = (text: string) =>
  /^0\d+$/.test(text) ? Number.parseInt(text, 8) : Number(text.replace(/[lL]$/, '').replace(/^0[oO]/, '0o'))

/** What `+` and `+=` make of two values. @throws Beyond at `sign` */
export function add(a: PythonValue, b: PythonValue, sign: PythonToken): PythonValue {
  if (typeof a === 'string' && typeof b === 'string') return a + b
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (isList(a) && isList(b)) return [...a, ...b]
  throw new Beyond(sign, 'a sum of things that do not add up')
}

function times(a: PythonValue, b: PythonValue, sign: PythonToken): PythonValue {
  if (typeof a === 'number' && typeof b === 'number') return a * b
  throw new Beyond(sign, 'a product of things that are no numbers')
}

/** `'…%s…' % value`: %s, %d, %i, %x with zeros and width, and %%. */
function format(pattern: PythonValue, argument: PythonValue, sign: PythonToken): PythonValue {
  if (typeof pattern === 'number' && typeof argument === 'number' && argument !== 0) return pattern % argument
  if (typeof pattern !== 'string') throw new Beyond(sign, '% stands after something that is no string')
  const values = isList(argument) ? [...argument] : [argument]
  const text = pattern.replace(
    /%(?:%|(0?)(\d*)([sdixX])|.)/g,
    (all, zero: string, width: string, kind: string) => {
      if (all === '%%') return '%'
      const value = values.shift()
      if (kind === undefined || isList(value) || value === undefined)
        throw new Beyond(sign, `${all} is more formatting than is read here`)
      const plain =
        typeof value === 'number' && kind.toLowerCase() === 'x' ? value.toString(16) : String(value)
      return (kind === 'X' ? plain.toUpperCase() : plain).padStart(
        Number(width || 0),
        zero === '0' ? '0' : ' ',
      )
    },
  )
  if (values.length > 0) throw new Beyond(sign, 'more values than the format has places for')
  return text
}

const isList = (value: PythonValue): value is readonly PythonValue[] => Array.isArray(value)
