import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { entriesOf } from '../../../src/nfs/entries.ts'
import { optionsOf, parseDropIn, renderDropIn } from '../../../src/nfs/linux-file.ts'
import { book, owner, serverIn, siteOf } from '../../builders/exports.ts'
import { anyPath } from '../../builders/guests.ts'
import { builtIn, templatesWith } from '../../builders/templates.ts'

const rw = { path: '/srv/a', client: '10.0.0.2', access: 'rw' } as const

test('the book’s guest, as the drop-in', async () => {
  await expect(renderDropIn(owner, entriesOf(serverIn(book), book))).toMatchFileSnapshot(
    '../../golden/exports/book.linux.exports',
  )
})

test('two guests on a shared image and one with a root of its own', async () => {
  const site = siteOf(
    [
      ['web2', 'deb12', '38.99.2.210'],
      ['web1', 'deb12', '38.99.2.9'],
      ['db', 'database', '38.99.2.211'],
    ],
    { shared: ['deb12'] },
  )
  await expect(renderDropIn(owner, entriesOf(serverIn(site), site))).toMatchFileSnapshot(
    '../../golden/exports/shared.linux.exports',
  )
})

test('no exports make no file', () => {
  expect(renderDropIn(owner, [])).toBe('')
})

test('lines are sorted by path and by address as a number, whatever order they come in', () => {
  const lines = renderDropIn(owner, [
    { ...rw, client: '10.0.0.10' },
    { ...rw, path: '/srv/Z' },
    { ...rw, client: '10.0.0.9' },
  ])
  expect(lines.split('\n').map((line) => line.split('(')[0])).toEqual([
    expect.stringMatching(/^# Managed by domus/),
    '/srv/Z 10.0.0.2',
    '/srv/a 10.0.0.9',
    '/srv/a 10.0.0.10',
    '',
  ])
})

test('the options of each access', () => {
  expect(optionsOf(rw)).toBe('rw,sync,no_subtree_check,no_root_squash,secure')
  expect(optionsOf({ ...rw, access: 'ro' })).toBe('ro,sync,subtree_check,no_root_squash,secure')
  expect(optionsOf({ ...rw, fsid: 'a'.repeat(32) })).toMatch(/,fsid=a{32}$/)
})

describe('never written, however it got there:', () => {
  test.each([
    ['the world', { ...rw, client: '*' }],
    ['a subnet', { ...rw, client: '10.0.0.0/24' }],
    ['a netgroup', { ...rw, client: '@guests' }],
    ['a host name', { ...rw, client: 'menas' }],
    ['an octal address', { ...rw, client: '192.0.2.010' }],
    ['a short address', { ...rw, client: '192.0.735' }],
    ['no client', { ...rw, client: '' }],
    ['a path with a blank', { ...rw, path: '/srv/a b' }],
    ['a path with a quote', { ...rw, path: '/srv/"a' }],
    ['a path with a comment', { ...rw, path: '/srv/#a' }],
    ['a path with a newline', { ...rw, path: '/srv/a\n/ *(rw)' }],
    ['a path with ..', { ...rw, path: '/srv/../etc' }],
    ['the root of the server', { ...rw, path: '/' }],
    ['fsid=0, the pseudo root of NFSv4', { ...rw, fsid: '0' }],
    ['an fsid with more options', { ...rw, fsid: '1,async' }],
    ['another access', { ...rw, access: 'rw,async' as 'rw' }],
  ])('%s', (_what, entry) => {
    expect(() => renderDropIn(owner, [entry])).toThrow(expect.objectContaining({ code: 'invalid-input' }))
  })
})

const anyEntry = fc.record({
  path: anyPath.filter((path) => path.length <= 255 && /^(?:\/[A-Za-z0-9][^/]*)+$/.test(path)),
  client: fc.ipV4(),
  access: fc.constantFrom('ro' as const, 'rw' as const),
})

test('parse undoes render, and finds any change of one character', () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 20 }), fc.nat(), (entries, where) => {
      const text = renderDropIn(owner, entries)
      const again = parseDropIn(text, 'book')
      expect(again.kind).toBe('ours')
      expect(renderDropIn(owner, again.entries)).toBe(text)
      const at = text.indexOf('\n') + 1 + (where % (text.length - text.indexOf('\n') - 1))
      const changed = `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`
      expect(parseDropIn(changed, 'book').kind).toBe('edited')
    }),
  )
})

describe('reading a drop-in back', () => {
  const text = renderDropIn(owner, [rw])

  test('one of another site is not ours', () => {
    expect(parseDropIn(text, 'other')).toMatchObject({
      kind: 'not-ours',
      reason: 'it belongs to site book, and this is site other',
      entries: [rw],
    })
  })

  test('one without our header is not ours, with its lines kept apart', () => {
    expect(parseDropIn(`# by hand\n\n/srv/x *(ro)\n/srv/a 10.0.0.2(rw,async)\n`, 'book')).toEqual({
      kind: 'not-ours',
      reason: 'it has no header of domus',
      entries: [rw],
      lines: [
        { text: '# by hand' },
        { text: '/srv/x *(ro)' },
        { text: '/srv/a 10.0.0.2(rw,async)', entries: [rw] },
      ],
    })
  })

  test('a cut-off one was edited', () => {
    expect(parseDropIn(text.slice(0, -2), 'book').kind).toBe('edited')
  })
})

describe('a template of the administrator', () => {
  const withTemplate = (text: string) => ({
    site: 'book',
    templates: templatesWith({
      'exports/linux.hbs': { text, from: '/etc/domus/templates/exports/linux.hbs' },
    }),
  })

  test('may add comments', () => {
    const text = renderDropIn(withTemplate(`# ask Anna first\n${builtIn('exports/linux.hbs')}`), [rw])
    expect(text).toMatch(/^# ask Anna first\n# Managed/)
    expect(parseDropIn(text, 'book').kind).toBe('ours')
  })

  test.each([
    ['a line of its own', `${builtIn('exports/linux.hbs')}/srv *(rw)\n`],
    ['a line above ours', `# sha256={{sha256}}\n/srv *(rw)\n{{body}}\n`],
    ['no hash', '# for {{site}}\n{{body}}\n'],
    ['another site', '# for site x; sha256={{sha256}}\n{{body}}\n'],
  ])('is refused with %s', (_what, text) => {
    expect(() => renderDropIn(withTemplate(text), [rw])).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    )
  })
})
