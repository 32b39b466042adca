import { describe, expect, test } from 'vitest'
import {
  meaningOf,
  meaningOfEntry,
  parseExportTable,
  spellOptions,
  withEtab,
} from '../../../src/nfs/exportfs-table.ts'

const set = (options: string) => new Set(options.split(','))

test('a table of exportfs -s, of nfs-utils 2.6.2', () => {
  const table = parseExportTable(
    [
      '/srv/a  192.0.2.1(sync,wdelay,hide,no_subtree_check,sec=sys,rw,no_root_squash,no_all_squash)',
      '/srv/b  10.0.0.0/8(sync,wdelay,hide,crossmnt,no_subtree_check,fsid=7,sec=sys,rw,root_squash,no_all_squash)',
      '/srv/with\\040blank  @group(sync,wdelay,hide,anonuid=5,sec=sys,ro,root_squash,all_squash)',
      '/srv/umläut  *(ro)',
      '/srv/ha\\043sh\thost*.example.org(async)',
      'exportfs: something else',
      '',
    ].join('\n'),
  )
  expect(table.map(({ path, client, options }) => [path, client, options.size])).toEqual([
    ['/srv/a', '192.0.2.1', 8],
    ['/srv/b', '10.0.0.0/8', 10],
    ['/srv/with blank', '@group', 8],
    ['/srv/umläut', '*', 1],
    ['/srv/ha#sh', 'host*.example.org', 1],
  ])
})

test('octal escapes are bytes of UTF-8', () => {
  expect(parseExportTable('/srv/\\303\\244\\134040  h(ro)').map(({ path }) => path)).toEqual(['/srv/ä\\040'])
})

describe('the meaning of options', () => {
  const rw = { path: '/a', client: '10.0.0.1', access: 'rw' } as const

  test.each([
    ['in another order', 'no_root_squash,rw,sync,secure,no_subtree_check'],
    [
      'with the defaults that exportfs adds',
      'sync,wdelay,hide,no_subtree_check,sec=sys,rw,no_root_squash,no_all_squash',
    ],
    [
      'as in an etab',
      'rw,sync,wdelay,hide,nocrossmnt,secure,no_root_squash,no_all_squash,no_subtree_check,secure_locks,acl,no_pnfs,anonuid=65534,anongid=65534,sec=sys',
    ],
    [
      'with a default of a newer nfs-utils',
      'rw,sync,no_subtree_check,no_root_squash,secure,xprtsec=none:tls:mtls',
    ],
    ['with an id for those who are not squashed', 'rw,sync,no_subtree_check,no_root_squash,secure,anonuid=5'],
  ])('is that of our entry: %s', (_how, options) => {
    expect(meaningOf(set(options))).toBe(meaningOfEntry(rw))
  })

  test.each([
    ['read-only', 'ro,sync,no_subtree_check,no_root_squash'],
    ['squashed', 'rw,sync,no_subtree_check,root_squash'],
    ['all squashed', 'rw,sync,no_subtree_check,no_root_squash,all_squash'],
    ['checking subtrees, which the table shows by nothing', 'rw,sync,no_root_squash'],
    ['async', 'rw,async,no_subtree_check,no_root_squash'],
    ['insecure', 'rw,sync,no_subtree_check,no_root_squash,insecure'],
    ['crossing mounts', 'rw,sync,no_subtree_check,no_root_squash,crossmnt'],
    ['not hidden', 'rw,sync,no_subtree_check,no_root_squash,nohide'],
    ['of another fsid', 'rw,sync,no_subtree_check,no_root_squash,fsid=7'],
    ['for Kerberos', 'rw,sync,no_subtree_check,no_root_squash,sec=krb5'],
  ])('is another when %s', (_how, options) => {
    expect(meaningOf(set(options))).not.toBe(meaningOfEntry(rw))
  })

  test('an fsid may be spelled as a UUID', () => {
    const entry = { ...rw, fsid: '0123456789abcdef0123456789abcdef' }
    const live = set('rw,sync,no_subtree_check,no_root_squash,fsid=01234567-89ab-cdef-0123-456789ABCDEF')
    expect(meaningOf(live)).toBe(meaningOfEntry(entry))
  })
})

test('an etab tells what exportfs -s leaves out', () => {
  const shown = parseExportTable('/a  h(rw)\n/b  h(rw)')
  const etab = parseExportTable('/a\th(rw,insecure)\n/c\th(rw,async)')
  expect(withEtab(shown, etab).map(({ path, options }) => [path, [...options]])).toEqual([
    ['/a', ['rw', 'insecure']],
    ['/b', ['rw']],
  ])
})

test('options are spelled so that exportfs -o makes the same again', () => {
  expect(spellOptions(set('sec=krb5:sys,rw,sync'))).toBe('rw,subtree_check,sync,sec=krb5:sys')
  expect(spellOptions(set('rw,no_subtree_check,sec=sys'))).toBe('no_subtree_check,rw,sec=sys')
})
