import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../../src/dhcp/clients/client.ts'
import { kernelBootp, kernelDhcp } from '../../../../src/dhcp/clients/kernel.ts'
import { readOptions } from '../../../../src/dhcp/packet.ts'
import { COOKIE, quad } from '../builders.ts'

const caller = { mac: '00:16:3e:00:00:01', xid: 7 }
const text = (value: string) => [...Buffer.from(value, 'latin1')]

interface ReplyFields {
  xid?: number
  mac?: string
  yiaddr?: string
  siaddr?: string
  tail?: readonly number[]
}

function reply({
  xid = 7,
  mac = caller.mac,
  yiaddr = '10.0.0.5',
  siaddr = '10.0.0.1',
  tail = [],
}: ReplyFields): Buffer {
  const head = Buffer.alloc(236)
  head.set([2, 1, 6, 0])
  head.writeUInt32BE(xid, 4)
  head.set(quad(yiaddr), 16)
  head.set(quad(siaddr), 20)
  head.write(mac.replaceAll(':', ''), 28, 'hex')
  return Buffer.concat([head, Buffer.from([...COOKIE, ...tail])])
}

const offerTail = [53, 1, 2, 54, 4, 10, 0, 0, 2]
const root = (path: string) => [17, path.length, ...text(path)]

/** Lets the client hear these replies one after the other. */
function hear(
  replies: readonly Buffer[],
  model = kernelDhcp,
): { sent: Buffer[]; outcome: Outcome | undefined } {
  const exchange = model(caller)
  const sent: Buffer[] = []
  let step = exchange.next()
  for (const one of [...replies, undefined]) {
    if (step.done) return { sent, outcome: step.value }
    sent.push(step.value)
    step = exchange.next(one)
  }
  return { sent, outcome: step.done ? step.value : undefined }
}

const bound = (replies: readonly Buffer[], model = kernelDhcp) => {
  const { outcome } = hear(replies, model)
  if (outcome?.kind !== 'bound') throw new Error(outcome?.why ?? 'nothing')
  return outcome.reading
}

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
