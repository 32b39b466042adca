import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluate, parseExpression } from '../../../src/kernel/expression.ts'

const have = (symbol: string) => ({ A: 'y', M: 'm', N: 'n', TEXT: '"abc"', NUMBER: '12' })[symbol] ?? 'absent'
const level = (text: string) => 'nmy'[evaluate(parseExpression(text), have)]

test.each([
  ['A', 'y'],
  ['M', 'm'],
  ['NOT_THERE', 'n'],
  ['!A', 'n'],
  ['!M', 'm'],
  ['A && M', 'm'],
  ['A || M', 'y'],
  ['N || M && A', 'm'],
  ['(N || M) && !N', 'm'],
  ['A = y', 'y'],
  ['M=y', 'n'],
  ['M != n', 'y'],
  ['N = NOT_THERE', 'y'],
  ['TEXT = "abc"', 'y'],
  ['NUMBER >= 12 && NUMBER < 13', 'y'],
  ['y', 'y'],
])('%s is %s', (text, expected) => {
  expect(level(text)).toBe(expected)
})

test.each(['', 'A &&', '(A', 'A B', '&& A', 'A = '])('"%s" is no expression', (text) => {
  expect(() => parseExpression(text)).toThrow(SyntaxError)
})

test('de Morgan holds for three values', () => {
  const value = fc.constantFrom('A', 'M', 'N')
  fc.assert(
    fc.property(value, value, (one, two) => {
      expect(level(`!(${one} && ${two})`)).toBe(level(`!${one} || !${two}`))
    }),
  )
})
