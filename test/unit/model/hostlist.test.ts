import { expect, test } from 'vitest'
import { expandHostlist } from '../../../src/model/hostlist.ts'

test.each([
  ['web1', ['web1']],
  ['web[01-03]', ['web01', 'web02', 'web03']],
  ['web[9-11]', ['web9', 'web10', 'web11']],
  ['web[1,3,5-6]-x', ['web1-x', 'web3-x', 'web5-x', 'web6-x']],
  ['r[1-2]n[1-2]', ['r1n1', 'r1n2', 'r2n1', 'r2n2']],
])('%s expands', (text, names) => expect(expandHostlist(text)).toEqual(names))

test.each(['web[', 'web]1', 'web[]', 'web[a-b]', 'web[3-1]', 'web[1-]', 'web[[1]]', 'web[1-999999]'])(
  '%s is not a hostlist',
  (text) => expect(expandHostlist(text)).toBeUndefined(),
)
