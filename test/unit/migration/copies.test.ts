import { expect, test } from 'vitest'
import { copiesOn } from '../../../src/migration/copies.ts'
import { toolstacks } from '../../../src/toolstack/kinds.ts'
import type { DomainState } from '../../../src/toolstack/toolstack.ts'

const UUID = '7ccf2d4e-55ec-5050-8e0c-ff3a8c6a362e'
const line = (name: string, flags: string, uuid = UUID) =>
  `${name.padEnd(40)}  3    64     1     ${flags}       1.0 ${uuid}`
const statesOf = (...lines: string[]): DomainState[] =>
  toolstacks.xl.parseStates(
    ['Name                ID   Mem VCPUs\tState\tTime(s)   UUID', ...lines].join('\n'),
  )
const find = (...lines: string[]) =>
  copiesOn('h1', statesOf(...lines), { domain: 'menas', uuid: UUID }, toolstacks.xl).map(
    ({ role, condition }) => `${role} ${condition}`,
  )

test.each([
  ['menas', '-b----', 'own running'],
  ['menas', '------', 'own running'],
  ['menas', '--p---', 'own paused'],
  ['menas', '---ss-', 'own suspended'],
  ['menas', '--pss-', 'own suspended'],
  ['menas', '---sr-', 'own running'],
  ['menas', '---sc-', 'own crashed'],
  ['menas', '---s--', 'own ending'],
  ['menas', '--ps-d', 'own ending'],
  ['menas--incoming', '--p---', 'incoming paused'],
  ['menas--migratedaway', '---ss-', 'away suspended'],
  ['renamed', 'r-----', 'other running'],
])('%s %s is %s', (name, flags, expected) => {
  expect(find(line(name, flags))).toEqual([expected])
})

test('another guest is none of its copies, even under its name', () => {
  const other = '6ba7b811-9dad-51d1-80b4-00c04fd430c8'
  expect(find(line('menas', '-b----', other), line('second', '-b----', other))).toEqual([])
})
