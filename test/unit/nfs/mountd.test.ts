import { describe, expect, test } from 'vitest'
import { readMountd } from '../../../src/nfs/mountd.ts'

// Three file systems: /, /usr and /usr/xen.
const fileSystemOf = (directory: string) =>
  directory.startsWith('/usr/xen') ? '/usr/xen' : directory.startsWith('/usr') ? '/usr' : '/'
const read = (text: string) => readMountd(text, fileSystemOf)

test('the examples of the man page are read as it says', () => {
  const { exports, faults } = read(
    [
      '/usr /usr/local -maproot=0:10 friends',
      '/usr -maproot=daemon grumpy.cis.uoguelph.ca 131.104.48.16',
      '/usr -ro -mapall=nobody',
      '/u -maproot=bin: -network 131.104.48 -mask 255.255.255.0',
      '/a -network=10.0.0.0/8',
      'V4: / -sec=krb5:krb5i:krb5p -network 131.104.48 -mask 255.255.255.0',
    ].join('\n'),
  )
  expect(faults).toEqual([])
  expect(exports.map(({ directories, options, clients }) => [directories, options, clients])).toEqual([
    [['/usr', '/usr/local'], ['maproot=0:10'], ['friends']],
    [['/usr'], ['maproot=daemon'], ['grumpy.cis.uoguelph.ca', '131.104.48.16']],
    [['/usr'], ['mapall=nobody', 'ro'], []],
    [['/u'], ['maproot=bin:'], ['-network=131.104.48 -mask=255.255.255.0']],
    [['/a'], [], ['-network=10.0.0.0/8']],
  ])
})

test('a backslash joins lines, in comments too; a # counts only at the start', () => {
  const { exports } = read('# a comment \\\n/usr hidden\n/a \\\n  host1 \\\n host2\n/b host#3\n')
  expect(exports.map(({ line, directories, clients }) => [line, directories, clients])).toEqual([
    [3, ['/a'], ['host1', 'host2']],
    [6, ['/b'], ['host#3']],
  ])
})

describe('mountd does not take', () => {
  test.each([
    ['directories of two file systems on a line', '/usr /usr/xen/a h', 'fsid mismatch'],
    ['hosts and a network on a line', '/usr -network 10.0.0.0/8 h', 'network/host conflict'],
    ['a directory after the options', '/usr -ro /usr/local h', 'comes after'],
    ['a line without a directory', '-ro h', 'no directory'],
    ['a host twice for one file system', '/usr/a h\n/usr/b h', 'h is there twice for one file system'],
    ['the world twice', '/usr/a\n/usr/b', 'the world is there twice'],
  ])('%s', (_what, text, message) => {
    const { faults } = read(text)
    expect(faults).toEqual([expect.objectContaining({ message: expect.stringContaining(message) })])
  })
})

test('a host may be there once for each file system', () => {
  expect(read('/usr h\n/usr/xen/a h\n/var h').faults).toEqual([])
})

test('what lies nobody knows where clashes with nothing', () => {
  expect(readMountd('/usr/a h\n/usr/b h', () => undefined).faults).toEqual([])
})
