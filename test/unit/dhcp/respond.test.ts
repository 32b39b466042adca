import { describe, expect, test } from 'vitest'
import { dhcpIndex } from '../../../src/dhcp/change.ts'
import { findEntry } from '../../../src/dhcp/directory.ts'
import { macNumber, readPacket } from '../../../src/dhcp/packet.ts'
import { type Answer, type Decision, decide, respond } from '../../../src/dhcp/respond.ts'
import type { Network } from '../../../src/model/network.ts'
import { guest, type MessageFields, message, requested, serverId, type } from './builders.ts'

const OURS = '38.99.2.7'
const HIS = '38.99.2.222'
const HIS_MAC = macNumber('00:16:3e:00:00:01')
const RELAY = '38.99.2.3'

function ask(fields: MessageFields, network: Partial<Network> = {}): Answer {
  const index = dhcpIndex([guest({ network })])
  return respond((mac) => findEntry(index, mac), message(fields))
}

/** The answer in a few words: `ack to 255.255.255.255:68`, or the reason for silence. */
function outcome(fields: MessageFields, network: Partial<Network> = {}): string {
  const answer = ask(fields, network)
  return answer.kind === 'silence'
    ? answer.reason
    : `${answer.form} to ${answer.to.address}:${answer.to.port}`
}

const BROADCAST = '255.255.255.255:68'

describe('RFC 2131 §4.3.1: DHCPDISCOVER', () => {
  test.each<[string, MessageFields, string]>([
    ['is offered the reserved address', { options: [type(1)] }, `offer to ${BROADCAST}`],
    ['whatever it wishes for', { options: [type(1), requested('38.99.2.9')] }, `offer to ${BROADCAST}`],
    ['with the broadcast flag', { flags: 0x8000, options: [type(1)] }, `offer to ${BROADCAST}`],
    ['a stranger hears nothing', { mac: '00:16:3e:00:00:02', options: [type(1)] }, 'unknown-mac'],
  ])('%s', (_what, fields, expected) => {
    expect(outcome(fields)).toBe(expected)
  })
})

describe('RFC 2131 §4.3.2: DHCPREQUEST', () => {
  test.each<[string, MessageFields, string]>([
    ['SELECTING us', { options: [type(3), serverId(OURS), requested(HIS)] }, `ack to ${BROADCAST}`],
    [
      'SELECTING us with a wrong address',
      { options: [type(3), serverId(OURS), requested('38.99.2.9')] },
      `nak to ${BROADCAST}`,
    ],
    ['SELECTING us without an address', { options: [type(3), serverId(OURS)] }, `ack to ${BROADCAST}`],
    [
      'SELECTING another server',
      { options: [type(3), serverId('38.99.2.8'), requested(HIS)] },
      'other-server',
    ],
    [
      'SELECTING another server, other address',
      { options: [type(3), serverId('38.99.2.8'), requested('38.99.2.9')] },
      'other-server',
    ],
    [
      'stuck kernel, another server',
      { options: [type(3), serverId('38.99.2.8'), requested('255.255.255.255')] },
      `nak to ${BROADCAST}`,
    ],
    [
      'stuck kernel, our OFFER',
      { options: [type(3), serverId(OURS), requested('255.255.255.255')] },
      `nak to ${BROADCAST}`,
    ],
    ['INIT-REBOOT, right address', { options: [type(3), requested(HIS)] }, `ack to ${BROADCAST}`],
    ['INIT-REBOOT, wrong address', { options: [type(3), requested('38.99.2.9')] }, `nak to ${BROADCAST}`],
    [
      'INIT-REBOOT, address of another network',
      { options: [type(3), requested('10.0.0.9')] },
      `nak to ${BROADCAST}`,
    ],
    ['RENEWING or REBINDING, right address', { ciaddr: HIS, options: [type(3)] }, `ack to ${HIS}:68`],
    [
      'RENEWING or REBINDING, wrong address',
      { ciaddr: '38.99.2.9', options: [type(3)] },
      `nak to ${BROADCAST}`,
    ],
    [
      'right ciaddr, wrong option 50',
      { ciaddr: HIS, options: [type(3), requested('38.99.2.9')] },
      `nak to ${BROADCAST}`,
    ],
    ['no address at all', { options: [type(3)] }, `ack to ${BROADCAST}`],
    [
      'a stranger with any address',
      { mac: '00:16:3e:00:00:02', options: [type(3), requested(HIS)] },
      'unknown-mac',
    ],
    [
      'a stranger stuck',
      { mac: '00:16:3e:00:00:02', options: [type(3), requested('255.255.255.255')] },
      'unknown-mac',
    ],
  ])('%s', (_what, fields, expected) => {
    expect(outcome(fields)).toBe(expected)
  })
})

describe('RFC 2131 §4.3.3 to §4.3.5: the other messages', () => {
  test.each<[string, MessageFields, string]>([
    ['§4.3.3 DECLINE is noted', { options: [type(4), requested(HIS), serverId(OURS)] }, 'decline'],
    [
      '§4.3.3 DECLINE of another server',
      { options: [type(4), requested(HIS), serverId('38.99.2.8')] },
      'other-server',
    ],
    ['§4.3.4 RELEASE is noted', { ciaddr: HIS, options: [type(7), serverId(OURS)] }, 'release'],
    [
      '§4.3.4 RELEASE to another server',
      { ciaddr: HIS, options: [type(7), serverId('38.99.2.8')] },
      'other-server',
    ],
    ['§4.3.5 INFORM goes to ciaddr', { ciaddr: HIS, options: [type(8)] }, `inform-ack to ${HIS}:68`],
    [
      '§4.3.5 INFORM from an address set by hand',
      { ciaddr: '38.99.2.50', options: [type(8)] },
      'inform-ack to 38.99.2.50:68',
    ],
    ['INFORM from elsewhere', { ciaddr: '192.0.2.1', options: [type(8)] }, 'foreign-address'],
    ['INFORM without address', { options: [type(8)] }, 'foreign-address'],
    ['INFORM from the broadcast address', { ciaddr: '38.99.2.255', options: [type(8)] }, 'foreign-address'],
    ['INFORM of a stranger', { mac: '00:16:3e:00:00:02', ciaddr: HIS, options: [type(8)] }, 'unknown-mac'],
    ['an OFFER sent to a server', { options: [type(2)] }, 'message-type'],
    ['an ACK sent to a server', { options: [type(5)] }, 'message-type'],
    ['an unheard-of message type', { options: [type(99)] }, 'message-type'],
  ])('%s', (_what, fields, expected) => {
    expect(outcome(fields)).toBe(expected)
  })
})

describe('RFC 1542 and RFC 2131 §4.1: where replies go', () => {
  test.each<[string, MessageFields, string]>([
    [
      '§4.1 a relay gets it at the server port',
      { giaddr: RELAY, options: [type(1)] },
      `offer to ${RELAY}:67`,
    ],
    ['§4.1 a NAK too', { giaddr: RELAY, options: [type(3), requested('38.99.2.9')] }, `nak to ${RELAY}:67`],
    ['RFC 1542 §4.1.2 BOOTP through a relay', { giaddr: RELAY, tail: [] }, `bootp to ${RELAY}:67`],
    ['a relay of another network', { giaddr: '10.0.0.3', options: [type(1)] }, 'other-network'],
    ['RFC 951 BOOTP without address', { tail: [] }, `bootp to ${BROADCAST}`],
    ['RFC 951 BOOTP with its address', { ciaddr: HIS, tail: [] }, `bootp to ${HIS}:68`],
    ['BOOTP with a forged address', { ciaddr: '192.0.2.1', tail: [] }, `bootp to ${BROADCAST}`],
    ['a forged ciaddr in a DISCOVER', { ciaddr: '192.0.2.1', options: [type(1)] }, `offer to ${BROADCAST}`],
  ])('%s', (_what, fields, expected) => {
    expect(outcome(fields)).toBe(expected)
  })

  test('RFC 3527: the link a relay names counts, not the relay', () => {
    const link = (address: number[]) => [82, [1, 1, 7, 5, 4, ...address]] as const
    expect(outcome({ giaddr: '10.0.0.3', options: [type(1), link([38, 99, 2, 3])] })).toBe(
      'offer to 10.0.0.3:67',
    )
    expect(outcome({ giaddr: RELAY, options: [type(1), link([10, 0, 0, 3])] })).toBe('other-network')
  })

  test('RFC 2131 §4.3.2: a NAK through a relay asks the relay to broadcast', () => {
    const answer = ask({ giaddr: RELAY, options: [type(3), requested('38.99.2.9')] })
    expect(answer.kind === 'reply' && answer.bytes.readUInt16BE(10)).toBe(0x8000)
  })
})

describe('modes of a network', () => {
  test.each<[string, Partial<Network>, string]>([
    ['off', { dhcp: 'off' }, 'network-off'],
    ['observe', { dhcp: 'observe' }, 'observed'],
    ['serve', { dhcp: 'serve' }, `offer to ${BROADCAST}`],
  ])('%s', (_mode, network, expected) => {
    expect(outcome({ options: [type(1)] }, network)).toBe(expected)
  })

  test('an observed network says what it would answer', () => {
    const index = dhcpIndex([guest({ network: { dhcp: 'observe' } })])
    const packet = readPacket(message({ options: [type(3), requested('38.99.2.9')] }))
    const decision: Decision = decide(findEntry(index, HIS_MAC), packet as never)
    expect(decision).toEqual({ kind: 'silence', reason: 'observed', would: 'nak' })
  })

  test('while the bridge has no address of ours nothing is answered', () => {
    const index = dhcpIndex([guest({ domain: {} })])
    const entry = findEntry(index, HIS_MAC)
    if (entry === undefined) throw new Error('no entry')
    const packet = readPacket(message({ options: [type(1)] }))
    const bridgeless = { ...entry, scope: { ...entry.scope, serverId: 0 } }
    expect(decide(bridgeless, packet as never)).toMatchObject({ reason: 'no-address-here' })
  })

  test('a known MAC on a bridge of another network hears nothing', () => {
    const index = dhcpIndex([guest()])
    const packet = readPacket(message({ options: [type(1)] }))
    const entry = findEntry(index, HIS_MAC)
    expect(decide(entry, packet as never, 'dmz')).toMatchObject({ reason: 'other-network' })
    expect(decide(entry, packet as never, 'lan')).toMatchObject({ kind: 'reply', form: 'offer' })
  })
})
