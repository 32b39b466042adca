import { describe, expect, test } from 'vitest'
import { addressFor, parseFibTrie } from '../../../../src/dhcp/socket/local-addresses.ts'

const TRIE = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.0.0.0/24 2 0 2
        |-- 10.0.0.0
           /24 link UNICAST
        |-- 10.0.0.1
           /32 host LOCAL
        |-- 10.0.0.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.0
           /32 link BROADCAST
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
`

test('the local addresses are those with a host route, carrier or not', () => {
  expect(parseFibTrie(TRIE)).toEqual(['10.0.0.1', '127.0.0.1'])
})

describe('our address on a network', () => {
  const network = { name: 'lan', cidr: '10.0.0.0/24', bridge: 'xenbr0', mode: 'serve' } as const
  const local = new Map([
    ['192.168.0.1', 'eth0'],
    ['10.0.0.9', 'eth1'],
    ['10.0.0.1', 'xenbr0'],
  ])

  test('is the one the network names, wherever it is', () => {
    expect(addressFor({ ...network, dhcpServer: '192.168.0.1' }, local)).toBe('192.168.0.1')
  })
  test('is none while the named one is not here', () => {
    expect(addressFor({ ...network, dhcpServer: '10.0.0.2' }, local)).toBeUndefined()
  })
  test('is the one on its bridge before another inside it', () => {
    expect(addressFor(network, local)).toBe('10.0.0.1')
  })
  test('is one inside it when the bridge has no carrier', () => {
    expect(addressFor(network, new Map([['10.0.0.1', undefined]]))).toBe('10.0.0.1')
  })
  test('is none when nothing fits', () => {
    expect(addressFor(network, new Map([['192.168.0.1', 'eth0']]))).toBeUndefined()
  })
})
