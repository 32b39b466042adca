import { describe, expect, test } from 'vitest'
import { klibcDhcp } from '../../../../src/dhcp/clients/klibc.ts'
import { readOptions } from '../../../../src/dhcp/packet.ts'
import { bound, hear, type ReplyFields, reply, root } from './replies.ts'

const offer = (more: readonly number[] = [], fields: ReplyFields = {}) =>
  reply({ ...fields, tail: [53, 1, 2, 54, 4, 10, 0, 0, 2, ...more, 255] })
const ack = (more: readonly number[] = [], fields: ReplyFields = {}) =>
  reply({ ...fields, tail: [53, 1, 5, 54, 4, 10, 0, 0, 2, ...more, 255] })

describe('what it sends', () => {
  test('messages of 300 bytes that ask for a broadcast', () => {
    const { sent } = hear(klibcDhcp, [offer()])
    expect(sent.map((one) => [one.length, one.readUInt16BE(10)])).toEqual([
      [300, 0x8000],
      [300, 0x8000],
    ])
  })

  test('a REQUEST with the server and the address of the OFFER', () => {
    const [, request = Buffer.alloc(0)] = hear(klibcDhcp, [offer()]).sent
    const options = readOptions(request)
    expect([54, 50].map((code) => [...(options?.get(code) ?? [])])).toEqual([
      [10, 0, 0, 2],
      [10, 0, 0, 5],
    ])
  })
})

describe('what it makes of an answer', () => {
  test('the ACK counts, not the OFFER', () => {
    expect(
      bound(klibcDhcp, [offer(root('10.0.0.1:/from-offer')), ack(root('10.0.0.1:/from-ack'))]).rootPath,
    ).toBe('/from-ack')
    expect(bound(klibcDhcp, [offer(root('10.0.0.1:/from-offer')), ack()]).rootPath).toBeUndefined()
  })

  test('without a server in the path it is siaddr, without that the server identifier', () => {
    expect(bound(klibcDhcp, [offer(), ack(root('/r'))]).rootServer).toBe('10.0.0.1')
    expect(bound(klibcDhcp, [offer(), ack(root('/r'), { siaddr: '0.0.0.0' })]).rootServer).toBe('10.0.0.2')
  })

  test('mount options behind the path become part of it', () => {
    expect(bound(klibcDhcp, [offer(), ack(root('10.0.0.1:/r,vers=3'))]).rootPath).toBe('/r,vers=3')
  })
})

describe('what it does not take', () => {
  test.each([
    ['an OFFER whose 16 bytes of chaddr differ', [offer([], { chaddrEnd: 1 })], /no OFFER for it/],
    ['an ACK whose 16 bytes of chaddr differ', [offer(), ack([], { chaddrEnd: 1 })], /no ACK for it/],
    ['an OFFER with another xid', [offer([], { xid: 8 })], /no OFFER for it/],
    ['silence', [], /no OFFER/],
  ])('%s', (_what, replies, why) => {
    expect(hear(klibcDhcp, replies).outcome).toMatchObject({
      kind: 'failed',
      why: expect.stringMatching(why),
    })
  })
})
