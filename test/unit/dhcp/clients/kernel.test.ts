import { describe, expect, test } from 'vitest'
import { kernelBootp, kernelDhcp } from '../../../../src/dhcp/clients/kernel.ts'
import { readOptions } from '../../../../src/dhcp/packet.ts'
import { bound as boundOf, hear as hearOf, reply, root, text } from './replies.ts'

const offerTail = [53, 1, 2, 54, 4, 10, 0, 0, 2]
const hear = (replies: readonly Buffer[], model = kernelDhcp) => hearOf(model, replies)
const bound = (replies: readonly Buffer[], model = kernelDhcp) => boundOf(model, replies)

const offer = (...more: number[]) => reply({ tail: [...offerTail, ...more, 255] })
const ack = (...more: number[]) => reply({ tail: [53, 1, 5, 54, 4, 10, 0, 0, 2, ...more, 255] })

describe('what it sends', () => {
  test('a DISCOVER of 548 bytes without flags, identifier or size', () => {
    const [discover = Buffer.alloc(0)] = hear([]).sent
    expect(discover).toHaveLength(548)
    expect(discover.readUInt16BE(10)).toBe(0)
    expect([...(readOptions(discover) ?? [])].map(([code, value]) => [code, [...value]])).toEqual([
      [53, [1]],
      [55, [1, 3, 6, 12, 15, 17, 26, 40, 42]],
    ])
  })

  test('a REQUEST that names server and address, and the host name it heard', () => {
    const [, request = Buffer.alloc(0)] = hear([offer(12, 2, 104, 105)]).sent
    const options = readOptions(request)
    expect([53, 54, 50, 12].map((code) => [...(options?.get(code) ?? [])])).toEqual([
      [3],
      [10, 0, 0, 2],
      [10, 0, 0, 5],
      text('hi'),
    ])
  })

  test('a REQUEST to siaddr when the OFFER names no server', () => {
    const [, request = Buffer.alloc(0)] = hear([reply({ tail: [53, 1, 2, 255] })]).sent
    expect([...(readOptions(request)?.get(54) ?? [])]).toEqual([10, 0, 0, 1])
  })

  test('BOOTP without message type, with room for what it wants', () => {
    const [request = Buffer.alloc(0)] = hear([], kernelBootp).sent
    expect(request).toHaveLength(548)
    expect([...(readOptions(request)?.keys() ?? [])]).toEqual([1, 3, 6, 12, 40, 17, 57])
  })
})

describe('what it makes of an answer', () => {
  test('the root path of the OFFER stays, whatever the ACK says', () => {
    expect(bound([offer(...root('/from-offer')), ack(...root('/from-ack'))]).rootPath).toBe('/from-offer')
  })

  test('siaddr of the ACK is the NFS server, not option 54', () => {
    expect(bound([offer(...root('/r')), ack()]).rootServer).toBe('10.0.0.1')
  })

  test('an address in the root path is the NFS server', () => {
    expect(bound([offer(...root('10.0.0.9:/r')), ack()])).toMatchObject({
      rootServer: '10.0.0.9',
      rootPath: '/r',
    })
  })

  test('without address anywhere it mounts from 0.0.0.0', () => {
    const nowhere = (tail: number[]) => reply({ siaddr: '0.0.0.0', tail: [...tail, ...root('/r'), 255] })
    expect(bound([nowhere(offerTail), nowhere([53, 1, 5])]).rootServer).toBe('0.0.0.0')
  })

  test('mount options behind the path are split off', () => {
    expect(bound([offer(...root('/r,vers=3,tcp')), ack()])).toMatchObject({
      rootPath: '/r',
      rootOptions: 'vers=3,tcp',
    })
  })

  test('%s becomes the host name', () => {
    expect(bound([offer(12, 2, 104, 105, ...root('/srv/%s')), ack()]).rootPath).toBe('/srv/hi')
  })

  test('without root path it is /tftpboot and its address', () => {
    expect(bound([offer(), ack()]).rootPath).toBe('/tftpboot/10.0.0.5')
  })

  test('an option that ends with the datagram is lost', () => {
    const cut = reply({ tail: [...offerTail, ...root('/lost')] })
    expect(bound([cut, ack()]).rootPath).toBe('/tftpboot/10.0.0.5')
  })

  test('a mask of 32 bits reads as unset: the class decides', () => {
    expect(bound([offer(1, 4, 255, 255, 255, 255), ack()]).netmask).toBe('255.0.0.0')
  })

  test('without DNS server it takes the one that offered', () => {
    expect(bound([offer(), ack()]).dns).toEqual(['10.0.0.2'])
  })

  test('a BOOTP reply is read the same way', () => {
    expect(bound([reply({ tail: [...root('/r'), 255] })], kernelBootp)).toMatchObject({
      address: '10.0.0.5',
      rootServer: '10.0.0.1',
      rootPath: '/r',
    })
  })
})

describe('what it does not take', () => {
  test.each([
    ['an OFFER with another xid', [reply({ xid: 8, tail: offerTail })], /takes no stray/],
    ['a NAK for its DISCOVER', [reply({ tail: [53, 1, 6, 255] })], /takes no refusal/],
    ['a NAK for its REQUEST', [offer(), reply({ tail: [53, 1, 6, 255] })], /got refusal/],
    [
      'an ACK for another MAC',
      [offer(), reply({ mac: '00:16:3e:00:00:02', tail: [53, 1, 5, 255] })],
      /got stray/,
    ],
    ['silence', [], /no OFFER/],
    ['silence after the OFFER', [offer()], /never DISCOVERs again without a NAK/],
  ] as const)('%s', (_what, replies, why) => {
    expect(hear(replies).outcome).toMatchObject({ kind: 'failed', why: expect.stringMatching(why) })
  })
})
