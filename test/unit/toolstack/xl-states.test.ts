import { describe, expect, test } from 'vitest'
import { parseStates } from '../../../src/toolstack/xl-states.ts'

const HEADING = 'Name                                        ID   Mem VCPUs\tState\tTime(s)'
const line = (name: string, domid: number, flags: string) =>
  `${name.padEnd(40)} ${String(domid).padStart(5)}    64     1     ${flags}       4.1`

const stateOf = (flags: string) => parseStates(`${HEADING}\n${line('menas', 3, flags)}\n`)[0]?.state

describe('the state of a domain', () => {
  test.each([
    ['r-----', 'running'],
    ['-b----', 'running'],
    ['------', 'running'],
    ['--p---', 'running'],
    ['---ss-', 'running'],
    ['---sr-', 'running'],
    ['---s--', 'ending'],
    ['---sc-', 'crashed'],
    ['---sw-', 'crashed'],
    ['-----d', 'ending'],
    ['--ps-d', 'ending'],
  ])('%s is %s', (flags, state) => {
    expect(stateOf(flags)).toBe(state)
  })
})

test('dom0 is not a domU', () => {
  expect(parseStates(`${HEADING}\n${line('Domain-0', 0, 'r-----')}\n`)).toEqual([])
})

test('names under migration, long names and names with blanks are kept whole', () => {
  const names = ['menas--incoming', 'n'.repeat(63), 'two words', '(null)', 'x 1 2 3']
  const text = [HEADING, ...names.map((name, index) => line(name, index + 1, '-b----'))].join('\n')
  expect(parseStates(text).map(({ name, domid }) => [name, domid])).toEqual(
    names.map((name, index) => [name, index + 1]),
  )
})

test.each(['', 'xencall: error: Could not obtain handle', '(domain\n  (domid 1))', `${HEADING}\nmenas 3 64`])(
  'other text is refused: %j',
  (text) => {
    expect(() => parseStates(text)).toThrow(expect.objectContaining({ code: 'command-failed' }))
  },
)
