import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runPython } from '../../../src/xl/python.ts'
import { anyText } from '../../builders/text.ts'

const values = (text: string) =>
  Object.fromEntries(runPython(text).statements.map(({ name, value }) => [name, value]))
const faults = (text: string) =>
  runPython(text).faults.map(({ at, message }) => `${at.line}:${at.column} ${message}`)

describe('plain Python is carried out', () => {
  test.each([
    ['a = \'x\' "y"\n', { a: 'xy' }],
    ['a = """x\ny"""\n', { a: 'x\ny' }],
    ["a = r'\\n'\nb = '\\n\\x41\\101\\q'\n", { a: '\\n', b: '\nAA\\q' }],
    ['a = 0x10 + 010\n', { a: 24 }],
    ['a = 2 * 128\nb = -1\n', { a: 256, b: -1 }],
    ['a = [ 1,\n  2, # two\n]\n', { a: [1, 2] }],
    ['a = (1, 2)\nb = (1,)\nc = (1)\nd = 1, 2\ne = ()\n', { a: [1, 2], b: [1], c: 1, d: [1, 2], e: [] }],
    ['a = True\nb = False\nc = None\n', { a: true, b: false, c: undefined }],
    ["n = 'x'\na = n + 'y'\na += 'z'\n", { n: 'x', a: 'xyz' }],
    ['a = "%s-%02d-%x%%" % ("x", 7, 255)\n', { a: 'x-07-ff%' }],
    ['a = "%d" % 3; b = 4\n', { a: '3', b: 4 }],
    ['a = [1] + [2]\n', { a: [1, 2] }],
    ['a = 1 + \\\n  2\n', { a: 3 }],
    ['a = 1', { a: 1 }],
  ])('%j', (text, wanted) => {
    expect(values(text)).toEqual(wanted)
    expect(faults(text)).toEqual([])
  })
})

describe('all else is a fault at its place', () => {
  test.each([
    ['import os\n', '1:1 this is a Python statement'],
    ['a = os.getpid()\n', '1:5 os is not set before'],
    ['a = str(1)\n', '1:5 str is not set before, or is called'],
    ['a = 1\nb = a.c\n', '2:5 a is not set before, or is called'],
    ['a = {}\n', '1:5 { where a value was expected'],
    ['a = "x\n', '1:5 the string does not end'],
    ['a = 1 if 2 else 3\n', '1:7 if is more Python'],
    ['a = "x" + 1\n', '1:9 a sum of things'],
    ['a = "%s" % (1, 2)\n', '1:10 more values than'],
    ['a = "%f" % 1\n', '1:10 %f is more formatting'],
    ['a = [1 2]\n', '1:8 2 where , or ] was expected'],
    ['b = 1\na =\n', '2:3 the end of the line where a value was expected'],
    ['a == 1\n', '1:1 this is a Python statement'],
    ['  a = 1\n', '1:3 an indented line'],
  ])('%j', (text, fault) => {
    expect(faults(text)[0]).toContain(fault)
  })
})

test('the body of what is not carried out is not either', () => {
  const text = 'a = 1\nif a:\n    a = 2\n    b = 3\nc = a\n'
  expect(values(text)).toEqual({ a: 1, c: 1 })
  expect(runPython(text).faults).toHaveLength(1)
})

test('any text is read without a crash', () => {
  const scraps = fc.array(
    fc.constantFrom(
      'a',
      '=',
      '+',
      '%',
      '[',
      ']',
      '(',
      ')',
      ',',
      ';',
      '\n',
      "'x'",
      '"',
      '#',
      '7',
      ' ',
      '\\',
      'if',
    ),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        scraps.map((parts) => parts.join('')),
      ),
      (text) => {
        const { statements } = runPython(text)
        for (const { start, end } of statements) expect(end).toBeGreaterThan(start)
      },
    ),
  )
})
