import { describe, expect, test } from 'vitest'
import { applyChange, dhcpIndex, servedNetwork, setServerId } from '../../../src/dhcp/directory.ts'
import { macNumber } from '../../../src/dhcp/packet.ts'
import { reservationOf } from '../../../src/dhcp/reservation.ts'
import { formatIpv4, parseIpv4 } from '../../../src/model/address.ts'
import { guest } from './builders.ts'

const FIRST = '00:16:3e:00:00:01'
const SECOND = '00:16:3e:00:00:02'
const two = guest({ domain: { name: 'two', mac: SECOND, address: '38.99.2.223' } })

describe('the index follows the inventory', () => {
  test('a change compiles its own entry and leaves the others alone', () => {
    const index = dhcpIndex([guest(), two])
    const before = index.entries.get(macNumber(SECOND))
    applyChange(index, { put: [reservationOf(guest({ domain: { address: '38.99.2.50' } }))] })
    expect(formatIpv4(index.entries.get(macNumber(FIRST))?.reply.address ?? 0)).toBe('38.99.2.50')
    expect(index.entries.get(macNumber(SECOND))).toBe(before)
  })

  test('a dropped MAC is a stranger again', () => {
    const index = dhcpIndex([guest(), two])
    applyChange(index, { drop: [FIRST] })
    expect([...index.entries.values()].map(({ reply }) => reply.domain)).toEqual(['two'])
  })

  test('a new mode of a network holds for its guests at once', () => {
    const index = dhcpIndex([guest()])
    applyChange(index, { networks: { put: [servedNetwork(guest({ network: { dhcp: 'off' } }).network)] } })
    expect(index.entries.get(macNumber(FIRST))?.scope.mode).toBe('off')
  })

  test('a network takes its guests with it', () => {
    const index = dhcpIndex([guest(), two])
    applyChange(index, { networks: { drop: ['lan'] } })
    expect(index.entries.size).toBe(0)
    expect(index.scopes.size).toBe(0)
  })

  test('an address found on the bridge survives a change of a network that names none', () => {
    const { dhcpServer: _, ...network } = guest().network
    const index = dhcpIndex([], [network])
    setServerId(index, 'lan', parseIpv4('38.99.2.3'))
    applyChange(index, { networks: { put: [servedNetwork({ ...network, dhcp: 'observe' })] } })
    expect(index.scopes.get('lan')).toMatchObject({ mode: 'observe', serverId: parseIpv4('38.99.2.3') })
  })
})
