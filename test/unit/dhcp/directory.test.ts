import { describe, expect, test } from 'vitest'
import { compileChange, type DhcpChange, dhcpIndex, servedNetwork } from '../../../src/dhcp/change.ts'
import { applyChange, type DhcpIndex, findEntry, setServerId } from '../../../src/dhcp/directory.ts'
import { macNumber } from '../../../src/dhcp/packet.ts'
import { domainOf } from '../../../src/dhcp/reply-record.ts'
import { reservationOf } from '../../../src/dhcp/reservation.ts'
import { formatIpv4, parseIpv4 } from '../../../src/model/address.ts'
import { guest } from './builders.ts'

const FIRST = macNumber('00:16:3e:00:00:01')
const SECOND = macNumber('00:16:3e:00:00:02')
const two = guest({ domain: { name: 'two', mac: '00:16:3e:00:00:02', address: '38.99.2.223' } })
const elsewhere = { name: 'dmz', cidr: '38.99.3.0/24' }

const apply = (index: DhcpIndex, change: DhcpChange) => applyChange(index, compileChange(change))

/** What is known of a MAC, in a few words. */
function known(index: DhcpIndex, mac: number): string {
  const entry = findEntry(index, mac)
  if (entry === undefined) return 'a stranger'
  const { reply, scope } = entry
  return `${domainOf(reply)} is ${formatIpv4(reply.address)} on ${scope.network}: ${scope.mode}`
}

describe('the index follows the inventory', () => {
  test('a change concerns its own entry and leaves the others alone', () => {
    const index = dhcpIndex([guest(), two])
    apply(index, { put: [reservationOf(guest({ domain: { address: '38.99.2.50' } }))] })
    expect(known(index, FIRST)).toBe('menas is 38.99.2.50 on lan: serve')
    expect(known(index, SECOND)).toBe('two is 38.99.2.223 on lan: serve')
    expect(index.replies.size()).toBe(2)
  })

  test('a dropped MAC is a stranger again', () => {
    const index = dhcpIndex([guest(), two])
    apply(index, { drop: ['00:16:3e:00:00:01'] })
    expect(known(index, FIRST)).toBe('a stranger')
    expect(known(index, SECOND)).toBe('two is 38.99.2.223 on lan: serve')
  })

  test('a new mode of a network holds for its guests at once', () => {
    const index = dhcpIndex([guest()])
    apply(index, { networks: { put: [servedNetwork(guest({ network: { dhcp: 'off' } }).network)] } })
    expect(findEntry(index, FIRST)?.scope.mode).toBe('off')
  })

  test('a network takes its guests with it, and nobody else', () => {
    const other = guest({ network: elsewhere, domain: { mac: '00:16:3e:00:00:02', address: '38.99.3.9' } })
    const index = dhcpIndex([guest(), other])
    apply(index, { networks: { drop: ['lan'] } })
    expect(known(index, FIRST)).toBe('a stranger')
    expect(known(index, SECOND)).toBe('menas is 38.99.3.9 on dmz: serve')
    expect([...index.scopes.keys()]).toEqual(['dmz'])
  })

  test('a network in the place of one that went has guests of its own', () => {
    const index = dhcpIndex([guest()])
    const there = guest({ network: elsewhere, domain: { mac: '00:16:3e:00:00:02', address: '38.99.3.9' } })
    apply(index, { networks: { drop: ['lan'] } })
    apply(index, { networks: { put: [servedNetwork(there.network)] }, put: [reservationOf(there)] })
    expect(known(index, FIRST)).toBe('a stranger')
    expect(known(index, SECOND)).toBe('menas is 38.99.3.9 on dmz: serve')
  })

  test('a guest of a network that nobody put is ignored', () => {
    const index = dhcpIndex([guest()], [])
    expect(index.replies.size()).toBe(0)
  })

  test('an address found on the bridge survives a change of a network that names none', () => {
    const { dhcpServer: _, ...network } = guest().network
    const index = dhcpIndex([], [network])
    setServerId(index, 'lan', parseIpv4('38.99.2.3'))
    apply(index, { networks: { put: [servedNetwork({ ...network, dhcp: 'observe' })] } })
    expect(index.scopes.get('lan')).toMatchObject({ mode: 'observe', serverId: parseIpv4('38.99.2.3') })
  })
})
