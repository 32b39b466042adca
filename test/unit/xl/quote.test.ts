import { expect, test } from 'vitest'
import { listXl, quoteXl } from '../../../src/xl/quote.ts'

test.each([
  ['menas', '"menas"'],
  ['', '""'],
  ["it's", `"it's"`],
  ['a "b" \\c', '"a \\"b\\" \\\\c"'],
  ['one\ntwo\t\x01', '"one\\ntwo\\t\x01"'],
])('%j is written so that xl reads it back', (text, written) => {
  expect(quoteXl(text)).toBe(written)
})

test.each([['a\0b'], [7], [false], [{}]])('%j is refused', (value) => {
  expect(() => quoteXl(value)).toThrow(RangeError)
})

test('a list quotes every entry', () => {
  expect(listXl(['a', 'b"'])).toBe('[ "a", "b\\"" ]')
})
