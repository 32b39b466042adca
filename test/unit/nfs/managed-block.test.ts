import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findBlock, withBlock } from '../../../src/nfs/managed-block.ts'

const body = '/a -maproot=0 10.0.0.1\n'
const line = fc.constantFrom(
  '/usr -alldirs -network 10.0.0.0/8',
  '# a comment \\',
  '/home \\',
  '  -ro client',
  '',
  '# BEGIN DOMUS web1',
  '# END DOMUS web1',
  ' # BEGIN DOMUS web',
  '# BEGIN DOMUS web ',
  '# BEGIN DOMUS webs',
  '/x # BEGIN DOMUS web',
)
const anyFile = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom('', '\n', '\\'))
  .map(([lines, end]) => `${lines.join('\n')}${end}`)

test('a block that comes, changes and goes leaves every byte around it as it was', () => {
  fc.assert(
    fc.property(anyFile, fc.array(fc.constantFrom(body, '/b x\n', ''), { maxLength: 6 }), (file, bodies) => {
      let text = file
      for (const next of bodies) text = withBlock(text, findBlock(text, 'web'), 'web', next)
      const last = bodies.at(-1) ?? ''
      expect(findBlock(text, 'web')).toEqual(
        last === '' ? { kind: 'none' } : { kind: 'found', before: '', body: last, after: file },
      )
      expect(withBlock(text, findBlock(text, 'web'), 'web', '')).toBe(file)
    }),
  )
})

test('a block that somebody has moved stays where it is', () => {
  const text = `/usr x\n# BEGIN DOMUS web\n${body}# END DOMUS web\n/home y\n`
  expect(withBlock(text, findBlock(text, 'web'), 'web', '/b\n')).toBe(
    '/usr x\n# BEGIN DOMUS web\n/b\n# END DOMUS web\n/home y\n',
  )
})

test('blocks of other instances are other people’s lines', () => {
  const one = withBlock('', { kind: 'none' }, 'web1', body)
  const two = withBlock(one, findBlock(one, 'web'), 'web', '/b\n')
  expect(findBlock(two, 'web')).toMatchObject({ body: '/b\n', after: one })
  expect(withBlock(two, findBlock(two, 'web'), 'web', '')).toBe(one)
})

describe('broken markers are not touched:', () => {
  test.each([
    ['no end', '# BEGIN DOMUS web\n/a\n'],
    ['no begin', '/a\n# END DOMUS web\n'],
    ['the end first', '# END DOMUS web\n# BEGIN DOMUS web\n'],
    ['two begins', '# BEGIN DOMUS web\n# BEGIN DOMUS web\n# END DOMUS web\n'],
    ['two blocks', '# BEGIN DOMUS web\n# END DOMUS web\n'.repeat(2)],
    ['a line that runs into it', '/usr \\\n# BEGIN DOMUS web\n# END DOMUS web\n'],
  ])('%s', (_what, text) => {
    expect(findBlock(text, 'web').kind).toBe('broken')
  })
})

test('an end without a newline is an end', () => {
  expect(findBlock('# BEGIN DOMUS web\n/a\n# END DOMUS web', 'web')).toEqual({
    kind: 'found',
    before: '',
    body: '/a\n',
    after: '',
  })
})
