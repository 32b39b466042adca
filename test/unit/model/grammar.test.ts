import { describe, expect, test } from 'vitest'
import {
  bridge,
  cidr,
  cmdlineText,
  ipv4,
  mac,
  machine,
  name,
  nfsOptions,
  path,
  range,
} from '../../../src/model/grammar.ts'

const forms = { bridge, cidr, cmdlineText, ipv4, mac, machine, name, nfsOptions, path, range }

const cases: [keyof typeof forms, string[], string[]][] = [
  ['name', ['a', 'web-01', '0x', 'a'.repeat(63)], ['', '-a', 'Web', 'a_b', 'a.b', 'a'.repeat(64), 'a\n']],
  ['bridge', ['xenbr0', 'br.10', 'a'.repeat(15)], ['', '-br', '.br', 'a'.repeat(16), 'br 0', 'br/0']],
  [
    'path',
    ['/a', '/usr/xen/images/slack', '/srv/a@b+c=d_e.f-g'],
    ['', '/', 'a', '/a/', '/a//b', '/a/../b', '/a/.b', '/a b', '/a:b', '/a,b', '/a%s', `/${'a'.repeat(255)}`],
  ],
  [
    'ipv4',
    ['0.0.0.0', '255.255.255.255', '38.99.2.7'],
    ['010.0.0.1', '1.2.3', '1.2.3.4.5', '256.1.1.1', 'filer', '1.2.3.4 '],
  ],
  [
    'cidr',
    ['10.0.0.0/24', '10.0.0.4/30', '10.0.0.0/8'],
    ['10.0.0.1/24', '10.0.0.0/31', '10.0.0.0/7', '10.0.0.0', '10.0.0.0/024'],
  ],
  ['range', ['10.0.0.1-10.0.0.9', '10.0.0.1-10.0.0.1'], ['10.0.0.9-10.0.0.1', '10.0.0.1', '10.0.0.1-9']],
  [
    'mac',
    ['00:16:3e:00:00:01', '00:16:3E:AA:bb:01'],
    ['01:16:3e:00:00:01', '00-16-3e-00-00-01', '00:16:3e:00:00', 'x'],
  ],
  [
    'machine',
    ['local', 'ssh://h1', 'ssh://root@h1.example:2222', 'ssh://10.0.0.1', 'ssh://h1:65535'],
    [
      'h1',
      'ssh://',
      'ssh://-oProxyCommand=x',
      'ssh://h1/x',
      'ssh://a b',
      'ssh://root@-x',
      'ssh://h1:0',
      'ssh://h1:65536',
      'ssh://$(id)',
    ],
  ],
  [
    'cmdlineText',
    ['', 'quiet panic=5', 'ipv6.disable=1'],
    ['a"b', "a'b", 'a\\b', 'a\nb', '100%', 'root=/dev/xvda', 'x ip=dhcp', 'nfsroot=a'],
  ],
  [
    'nfsOptions',
    ['nolock', 'rsize=32768,timeo=600'],
    ['a b', 'vers=4', 'nolock,nfsvers=3', 'v3', 'v2,tcp', 'minorversion=1'],
  ],
]

describe.each(cases)('the grammar of %s', (form, good, bad) => {
  const schema = forms[form]
  test.each(good)('takes %j', (text) => expect(schema.safeParse(text).success).toBe(true))
  test.each(bad)('refuses %j', (text) => expect(schema.safeParse(text).success).toBe(false))
})

test('a mac is kept in lower case', () => {
  expect(mac.parse('00:16:3E:AA:BB:01')).toBe('00:16:3e:aa:bb:01')
})
