import { readFileSync } from 'node:fs'
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

test.each(['list.txt', 'list-v.txt'])('what xl 4.17 printed: %s', (file) => {
  const states = parseStates(readFileSync(new URL(`../../fixtures/xl-4.17/${file}`, import.meta.url), 'utf8'))
  const uuids = file === 'list-v.txt'
  expect(states).toEqual([
    {
      name: 'menas',
      domid: 1,
      state: 'running',
      flags: '--p---',
      memoryMiB: 63,
      uuid: uuids ? '7ccf2d4e-55ec-5050-8e0c-ff3a8c6a362e' : undefined,
    },
    {
      name: 'second',
      domid: 2,
      state: 'crashed',
      flags: '---sc-',
      memoryMiB: 48,
      uuid: uuids ? 'f5922b7a-67f0-5ac4-95d6-e3da0106e364' : undefined,
    },
  ])
})
