import { expect, test } from 'vitest'
import { problemsOf } from '../../../src/model/issues.ts'
import { SCHEMAS } from '../../../src/model/read-site.ts'

test.each([
  ['networks', { cidr: 7 }, 'cidr', '7 must be a text (in quotes, where it looks like something else)'],
  ['networks', { dns: '10.0.0.1' }, 'dns', '"10.0.0.1" must be a list'],
  ['networks', { mtu: 9 }, 'mtu', '9 must be at least 576'],
  [
    'networks',
    { dns: Array(9).fill('10.0.0.1') },
    'dns',
    expect.stringMatching(/ must be at most 8 entries long$/),
  ],
  ['networks', { options: 7 }, 'options', '7 must be a mapping'],
  [
    'networks',
    { options: { 128: {} } },
    'options/128',
    '{} must be a text, a number, true or false, or a list of texts and numbers',
  ],
  ['servers', { kind: 'windows' }, 'kind', '"windows" must be linux, freebsd, ganesha or print'],
  ['hosts', { toolstack: 'xm' }, 'toolstack', '"xm" must be xl'],
  ['domains', { vcpus: 1.5 }, 'vcpus', '1.5 must be a whole number'],
  ['domains', { memoryMiB: 1e9 }, 'memoryMiB', '1000000000 must be at most 16777216'],
  ['domains', { autostart: 'yes' }, 'autostart', '"yes" must be true or false'],
  ['domains', { disks: [''] }, 'disks/0', '"" must be at least 1 characters long'],
] as const)('of %s %j it says what %s must be', (noun, given, field, message) => {
  const { error } = SCHEMAS[noun].safeParse(given)
  const told = error === undefined ? [] : problemsOf('x', given, error)
  expect(told).toContainEqual({ path: `x/${field}`, message })
})
