import { describe, expect, test } from 'vitest'
import { formatOptions } from '../../../src/dhcp/codec.ts'
import type { OptionValue } from '../../../src/dhcp/option-values.ts'
import { checkOptions, encodeOptions } from '../../../src/dhcp/options.ts'
import { reservationOf } from '../../../src/dhcp/reservation.ts'
import { guest } from './builders.ts'

/** One option as it goes out, in hex. */
function wire(key: string, value: OptionValue): string {
  expect(checkOptions({ [key]: value }, 'networks/lan/options')).toEqual([])
  const [option] = encodeOptions({ [key]: value }, {})
  return option === undefined ? '' : formatOptions({ [option.code]: option.value }).toString('hex')
}

describe('values are encoded by the RFC of their option', () => {
  test.each<[string, OptionValue, string]>([
    ['time-offset', -3600, '0204fffff1f0'],
    ['time-servers', '10.0.0.1', '04040a000001'],
    ['log-servers', ['10.0.0.1', '10.0.0.2'], '07080a0000010a000002'],
    ['boot-size', 512, '0d020200'],
    ['ip-forwarding', true, '130101'],
    ['non-local-source-routing', false, '140100'],
    ['default-ip-ttl', 64, '170140'],
    ['path-mtu-plateau-table', [1492, 576], '190405d40240'],
    ['static-routes', ['10.9.9.9', '10.0.0.1'], '21080a0909090a000001'],
    ['arp-cache-timeout', 60, '23040000003c'],
    ['nis-domain', 'nis.example', '280b6e69732e6578616d706c65'],
    ['vendor-encapsulated-options', '01:02:ff', '2b030102ff'],
    ['43', [1, 2, 255], '2b030102ff'],
    ['domain-search', ['lan', 'a.b'], '770a036c616e000161016200'],
    ['119', 'lan a.b', '770a036c616e000161016200'],
    ['classless-static-routes', ['10.0.0.0/8 via 10.0.0.1'], '7906080a0a000001'],
    ['121', ['10.0.0.0/8', '10.0.0.1', '0.0.0.0/0', '10.0.0.2'], '790b080a0a000001000a000002'],
    [
      'classless-static-route',
      'default via 10.0.0.1, 10.64.0.0/10 via 10.0.0.2',
      '790c000a0000010a0a400a000002',
    ],
    ['posix-timezone', 'UTC0', '640455544330'],
    ['224', 'site text', 'e009736974652074657874'],
    ['224', [1, 2, 3], 'e003010203'],
  ])('%s: %j', (key, value, expected) => {
    expect(wire(key, value)).toBe(expected)
  })
})

describe('options are refused with the reason', () => {
  test.each<[string, OptionValue, RegExp]>([
    ['root-path', '/srv', /option 17 cannot be set here: it follows from the domain's image/],
    ['6', '10.0.0.1', /option 6 cannot be set here: use dns of the network/],
    ['message-type', 1, /option 53 cannot be set here/],
    ['54', '10.0.0.1', /option 54 cannot be set here.*dhcpServer/],
    ['255', 'x', /option 255 cannot be set here/],
    ['no-such-thing', 1, /no DHCP option is named no-such-thing/],
    ['300', 1, /300 is no option number/],
    ['log-servers', 'loghost', /option 7 \(log-servers\) loghost is not a dotted quad/],
    ['swap-server', ['10.0.0.1', '10.0.0.2'], /option 16 \(swap-server\) must be one address/],
    ['static-routes', ['10.0.0.1'], /must be pairs of addresses/],
    ['default-ip-ttl', 256, /must be a whole number from 0 to 255/],
    ['boot-size', '512', /must be a whole number from 0 to 65535/],
    ['ip-forwarding', 'yes', /must be true or false/],
    ['nis-domain', '', /must be printable ASCII/],
    ['nis-domain', 'näh', /must be printable ASCII/],
    ['43', 'xyz', /must be bytes/],
    ['domain-search', ['-bad-'], /-bad- is not a DNS domain/],
    ['121', ['10.0.0.1/8 via 10.0.0.1'], /10\.0\.0\.1\/8 is not a network/],
    ['121', ['10.0.0.0/8'], /needs a gateway/],
    ['224', 'x'.repeat(256), /takes 256 bytes, at most 255 fit/],
  ])('%s: %j', (key, value, expected) => {
    const problems = checkOptions({ [key]: value }, 'networks/lan/options')
    expect(problems).toEqual([
      { path: `networks/lan/options/${key}`, message: expect.stringMatching(expected) },
    ])
  })

  test('all mistakes are reported together', () => {
    expect(checkOptions({ nope: 1, 'root-path': 'x', ttl: 2 }, 'p').map(({ path }) => path)).toEqual([
      'p/nope',
      'p/root-path',
      'p/ttl',
    ])
  })

  test('one option under two spellings is a mistake', () => {
    expect(checkOptions({ 'nis-domain': 'a', 40: 'b' }, 'p')).toHaveLength(1)
  })
})

test('a domain overrides its network, by name or number', () => {
  expect(encodeOptions({ 'nis-domain': 'net', 44: '10.0.0.1' }, { 40: 'dom' })).toEqual([
    { code: 40, value: 'dom' },
    { code: 44, value: ['10.0.0.1'] },
  ])
})

describe('RFC 3442: a client that takes option 121 ignores the gateway', () => {
  const routes = (value: string, gateway?: string) => {
    const { gateway: _, ...network } = guest().network
    const of = guest()
    const changed = { ...network, ...(gateway === undefined ? {} : { gateway }), options: { 121: value } }
    return reservationOf({ ...of, network: changed }).options[0]?.value
  }
  test('so the gateway is added to the routes', () => {
    expect(routes('10.0.0.0/8 via 38.99.2.9', '38.99.2.1')).toEqual([8, 10, 38, 99, 2, 9, 0, 38, 99, 2, 1])
  })
  test('unless they have a default', () => {
    expect(routes('0.0.0.0/0 via 38.99.2.9', '38.99.2.1')).toEqual([0, 38, 99, 2, 9])
  })
  test('or there is no gateway', () => {
    expect(routes('10.0.0.0/8 via 38.99.2.9')).toEqual([8, 10, 38, 99, 2, 9])
  })
})
