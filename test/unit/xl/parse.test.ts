import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseXl } from '../../../src/xl/parse.ts'
import { printXl } from '../../../src/xl/print.ts'
import { settle, textOf } from '../../../src/xl/settings.ts'
import type { Value } from '../../../src/xl/syntax.ts'
import { anyText } from '../../builders/text.ts'

const plain = (value: Value | undefined): unknown =>
  value?.kind === 'list' ? value.items.map(plain) : value?.text
const read = (text: string) => {
  const { assignments, faults } = parseXl(text)
  const { settings, faults: more } = settle(assignments)
  return {
    values: Object.fromEntries([...settings].map(([key, { value }]) => [key, plain(value)])),
    faults: [...faults, ...more].map(({ at, message }) => `${at.line}:${at.column} ${message}`),
  }
}

// Every line of these two tables was given to libxlutil 4.17 as well, with the same outcome.
describe('xl reads', () => {
  test.each([
    ['a="x"', { a: 'x' }],
    ['a="x" # c\n', { a: 'x' }],
    ['a=["x",]\n', { a: ['x'] }],
    ['a=[]\n', { a: [] }],
    ['a=["x"\n,\n"y"\n]\n', { a: ['x', 'y'] }],
    ['a=[\n# c\n"x",\n# d\n]\n', { a: ['x'] }],
    ['a=[["x","y"],"z"]\n', { a: [['x', 'y'], 'z'] }],
    ['a="x";b="y"', { a: 'x', b: 'y' }],
    [';;a=1;;\n', { a: '1' }],
    ['a=0x1f\nb=5fx\n', { a: '0x1f', b: '5fx' }],
    ["a='it\\'s'\n", { a: "it's" }],
    ['a="\\\\\\"\\t"\n', { a: '\\"\t' }],
    ['a="x"\na="y"\n', { a: 'y' }],
    ['a+="x"\na+="y"\n', { a: 'xy' }],
    ['a=["x"]\na+=["y"]\n', { a: ['x', 'y'] }],
    ['a="1"\na=["x"]\n', { a: ['x'] }],
    ['a.b_1=1\n', { 'a.b_1': '1' }],
    ['a="é\x01"\n', { a: 'é\x01' }],
    ['', {}],
  ])('%j', (text, values) => {
    expect(read(text)).toEqual({ values, faults: [] })
  })
})

describe('xl refuses', () => {
  test.each([
    ['a="x" # c', '1:7 a comment in the last line needs a newline after it'],
    ['a="x"\r\n', '1:6 the line ends with a carriage return'],
    ['a=[,]\n', '1:4 , where a string in quotes, a number or a list was expected'],
    ['a=["x",,"y"]\n', '1:8 , where'],
    ['a=["x" "y"]\n', '1:8 the string "y" where , or ] was expected'],
    ['a=\n"x"\n', '1:3 the end of the line where'],
    ['a=-1\n', '1:3 -1 looks like Python'],
    ['a=name\n', '1:3 name where a string in quotes, a number or a list was expected'],
    ['A=1\n', '1:1 A=1: names begin with a small letter'],
    ['a="l1\nl2"\n', '1:3 the string does not end on its line'],
    ['a="1"\na+=["x"]\n', '2:1 a += adds a string to a list'],
    ['a=1 b=2\n', '1:5 b where the end of the line, or ; was expected'],
    ['a\n', '1:2 the end of the line where = or += was expected'],
    ['=1\n', '1:1 = where a name was expected'],
    ['a=5k\n', '1:4 k where'],
    ['a="x\\zy"\n', '1:5 \\z is no escape'],
    ['a="\\x41"\n', '1:4 xl does not read the numeric escape'],
    ['a="x\\"\n', '1:3 the string does not end on its line'],
    ['a-b=1\n', '1:2 -b=1 looks like Python'],
    ['import os\n', '1:8 os where = or += was expected'],
    ['a=["x"', '1:7 the end of the file where , or ] was expected'],
  ])('%j', (text, fault) => {
    expect(read(text).faults[0]).toContain(fault)
  })
})

test('all faulty lines are found, and the sound ones are read', () => {
  expect(read('a=x\nb=1\nC=2\nd="y\ne=3\n')).toEqual({
    values: { b: '1', e: '3' },
    faults: [expect.stringMatching(/^1:3/), expect.stringMatching(/^3:1/), expect.stringMatching(/^4:3/)],
  })
})

test('a character that xl would drop is a fault', () => {
  expect(read('a="q\\012r"\n').faults).toHaveLength(1)
})

test('positions count lines and columns from 1, over comments and lists', () => {
  const [, second] = parseXl('# c\nvif = [ # d\n  "x",\n]\n  disk = [ "y" ]\n').assignments
  expect(second).toMatchObject({ key: 'disk', at: { line: 5, column: 3 } })
  expect(second?.value).toMatchObject({ items: [{ at: { line: 5, column: 12 } }] })
})

test('a list is no text', () => {
  const { settings } = settle(parseXl('a=["x"]\nb="y"\n').assignments)
  expect([textOf(settings, 'a'), textOf(settings, 'b'), textOf(settings, 'c')]).toEqual([
    undefined,
    'y',
    undefined,
  ])
})

const at = { line: 1, column: 1 }
const writable = anyText.filter((text) => !text.includes('\0'))
const atom = fc.oneof(
  writable.map((text) => ({ kind: 'text' as const, text, isNumber: false, at })),
  fc.nat().map((number) => ({ kind: 'text' as const, text: String(number), isNumber: true, at })),
)
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    atom,
    fc.array(tie('value'), { maxLength: 4 }).map((items) => ({ kind: 'list' as const, items, at })),
  ),
}))
const key = fc.stringMatching(/^[a-z][a-z0-9._]{0,8}$/)
const anyFile = fc.array(fc.record({ key, adds: fc.boolean(), value }), { maxLength: 6 })

const withoutPlaces = (assignments: readonly { key: string; adds: boolean; value: Value }[]) =>
  assignments.map(({ key, adds, value }) => ({
    key,
    adds,
    value: plain(value),
    form: JSON.stringify(value, (name, part: unknown) => (name === 'at' ? undefined : part)),
  }))

test('parse undoes print', () => {
  fc.assert(
    fc.property(anyFile, (file) => {
      const { assignments, faults } = parseXl(printXl(file))
      expect(faults).toEqual([])
      expect(withoutPlaces(assignments)).toEqual(withoutPlaces(file))
    }),
  )
})

test('any text is read without a crash', () => {
  const scraps = fc.array(
    fc.constantFrom('a', '=', '+=', '[', ']', ',', ';', '\n', '"x"', "'", '#', '7', ' ', '\\', 'A'),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        scraps.map((parts) => parts.join('')),
      ),
      (text) => {
        const { faults } = parseXl(text)
        for (const { at: place } of faults) expect(place.line).toBeGreaterThan(0)
      },
    ),
  )
})
