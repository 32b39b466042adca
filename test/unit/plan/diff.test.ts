import { applyPatch } from 'diff'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { diffFile } from '../../../src/plan/diff.ts'

const file = (content: string) => ({ kind: 'file' as const, content, mode: 0o644 })

test('a changed file, as diff -u shows it', () => {
  expect(diffFile('h1:/a', file('one\ntwo\n'), 'one\n2\n')).toBe(
    '--- h1:/a\n+++ h1:/a\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n',
  )
})

test('a new file comes from /dev/null, a removed one goes there', () => {
  expect(diffFile('h1:/a', { kind: 'absent' }, 'one\ntwo\n')).toBe(
    '--- /dev/null\n+++ h1:/a\n@@ -0,0 +1,2 @@\n+one\n+two\n',
  )
  expect(diffFile('h1:/a', file('one\n'), undefined)).toBe('--- h1:/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n')
})

test('a file nobody could look at is marked so', () => {
  expect(diffFile('h1:/a', { kind: 'unknown', reason: 'x' }, 'one\n')).toMatch(/^--- h1:\/a \(unknown\)\n/)
})

test('nothing changed is an empty diff', () => {
  expect(diffFile('h1:/a', file('same'), 'same')).toBe('')
})

test('patch applies every diff to what it was made from', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
    .map((lines) => lines.join('\n'))
  fc.assert(
    fc.property(text, text, fc.boolean(), (before, after, isNew) => {
      const from = isNew ? '' : before
      const diff = diffFile('f', isNew ? { kind: 'absent' } : file(before), after)
      fc.pre(from !== after)
      expect(applyPatch(from, diff)).toBe(after)
    }),
  )
})
