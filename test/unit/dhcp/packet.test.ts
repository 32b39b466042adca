import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { macNumber, macText, type Packet, readOptions, readPacket } from '../../../src/dhcp/packet.ts'
import { COOKIE, message, requested, serverId, type } from './builders.ts'

const read = (bytes: Buffer): Packet => {
  const packet = readPacket(bytes)
  if ('drop' in packet) throw new Error(packet.drop)
  return packet
}

test('the fields of a request are read', () => {
  const bytes = message({
    xid: 0xdeadbeef,
    flags: 0x8000,
    ciaddr: '10.0.0.9',
    giaddr: '10.0.0.1',
    options: [
      type(3),
      requested('10.0.0.9'),
      serverId('10.0.0.2'),
      [57, [5, 220]],
      [61, [1, 2, 3]],
      [82, [1, 1, 7]],
    ],
  })
  expect(read(bytes)).toMatchObject({
    type: 3,
    mac: macNumber('00:16:3e:00:00:01'),
    xid: 0xdeadbeef,
    flags: 0x8000,
    ciaddr: 0x0a000009,
    giaddr: 0x0a000001,
    requested: 0x0a000009,
    serverId: 0x0a000002,
    maxSize: 1500,
    clientId: Buffer.from([1, 2, 3]),
    relayInfo: Buffer.from([1, 1, 7]),
  })
})

describe('what is dropped, and why', () => {
  test.each([
    ['235 bytes', message({}).subarray(0, 235), 'too-short'],
    ['no bytes', Buffer.alloc(0), 'too-short'],
    ['a reply', message({ op: 2, options: [type(2)] }), 'not-a-request'],
    ['not Ethernet', message({ htype: 6, options: [type(1)] }), 'hardware'],
    ['a hardware address of 16 bytes', message({ hlen: 16, options: [type(1)] }), 'hardware'],
    ['an option cut off in its value', message({ tail: [...COOKIE, 53, 1, 1, 12, 9, 97] }), 'malformed'],
    ['an option cut off before its length', message({ tail: [...COOKIE, 53, 1, 1, 12] }), 'malformed'],
    ['a message type of two bytes', message({ options: [[53, [1, 1]]] }), 'malformed'],
    ['a message type twice', message({ options: [type(1), type(3)] }), 'malformed'],
    ['message type 0', message({ options: [type(0)] }), 'malformed'],
    [
      'a requested address of five bytes',
      message({ options: [type(1), [50, [1, 2, 3, 4, 5]]] }),
      'malformed',
    ],
    ['a server identifier of no bytes', message({ options: [type(3), [54, []]] }), 'malformed'],
    [
      'a cut-off option in the file field',
      message({ file: [12, 255], options: [[52, [1]], type(1)] }),
      'malformed',
    ],
  ])('%s', (_what, bytes, reason) => {
    expect(readPacket(bytes)).toEqual({ drop: reason })
  })
})

describe('BOOTP (RFC 951, RFC 1534)', () => {
  test('the 236 bytes of klibc, which end before the cookie, are a request', () => {
    expect(read(message({ tail: [] })).type).toBe(0)
  })
  test('a vendor area without cookie is not looked at', () => {
    expect(read(message({ tail: [53, 1, 1, 50, 9, 9] }))).toMatchObject({ type: 0, requested: undefined })
  })
  test('a cookie without message type is BOOTP', () => {
    expect(read(message({ options: [[1, [0, 0, 0, 0]]] })).type).toBe(0)
  })
})

describe('option lists (RFC 2131 §4.1, RFC 2132 §3)', () => {
  test('padding is skipped one byte at a time, wherever it stands', () => {
    const tail = [...COOKIE, 0, 53, 1, 1, 0, 0, 0, 50, 4, 10, 0, 0, 9, 0, 255]
    expect(read(message({ tail }))).toMatchObject({ type: 1, requested: 0x0a000009 })
  })
  test('a list may end with the datagram instead of 255', () => {
    expect(read(message({ tail: [...COOKIE, 53, 1, 1] })).type).toBe(1)
  })
  test('nothing is read after 255', () => {
    expect(read(message({ tail: [...COOKIE, 53, 1, 1, 255, 50, 4, 1] })).requested).toBeUndefined()
  })
  test('RFC 2132 §9.3: overloaded fields are read, file before sname', () => {
    const bytes = message({
      file: [50, 4, 10, 0, 0, 9, 255],
      sname: [54, 4, 10, 0, 0, 2, 255],
      options: [type(3), [52, [3]]],
    })
    expect(read(bytes)).toMatchObject({ requested: 0x0a000009, serverId: 0x0a000002 })
  })
  test('without option 52 the fields file and sname are not options', () => {
    expect(read(message({ file: [50, 4, 10, 0, 0, 9, 255], options: [type(1)] })).requested).toBeUndefined()
  })
  test('RFC 3396 §5: parts of an option are joined, across fields too', () => {
    const bytes = message({
      file: [61, 2, 3, 4, 255],
      sname: [61, 1, 5, 255],
      options: [type(1), [61, [1]], [61, [2]], [52, [3]]],
    })
    expect(read(bytes).clientId).toEqual(Buffer.from([1, 2, 3, 4, 5]))
  })
  test('RFC 3396 §5: an address in two parts is one address', () => {
    expect(read(message({ options: [type(3), [50, [10, 0]], [50, [0, 9]]] })).requested).toBe(0x0a000009)
  })
  test('a server identifier of 0.0.0.0 names nobody', () => {
    expect(read(message({ options: [type(3), serverId('0.0.0.0')] })).serverId).toBeUndefined()
  })
})

const optionList = fc.array(
  fc.tuple(
    fc.constantFrom(1, 12, 55, 60, 61, 82, 200),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => [...bytes]),
  ),
  { maxLength: 8 },
)

test('one pass and the joining of parts read the same', () => {
  fc.assert(
    fc.property(optionList, fc.integer({ min: 1, max: 8 }), (list, kind) => {
      const unique = [...new Map(list)]
      const options = [type(kind), requested('10.0.0.9'), ...unique] as const
      const once = read(message({ options }))
      // A part of no bytes changes nothing but the way it is read.
      const parts = read(message({ options: [...options, [50, []]] }))
      expect({ ...parts, bytes: 0 }).toEqual({ ...once, bytes: 0 })
    }),
  )
})

test('any bytes are read or dropped, never thrown at', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), fc.boolean(), (random, plausible) => {
      const bytes = Buffer.from(random)
      if (plausible && bytes.length > 240) {
        bytes.set([1, 1, 6])
        bytes.set(COOKIE, 236)
      }
      expect(() => readPacket(bytes)).not.toThrow()
      expect(() => readOptions(bytes)).not.toThrow()
    }),
    { numRuns: 2000 },
  )
})

test('a MAC is text and number alike', () => {
  expect(macText(macNumber('00:16:3e:0a:0b:0c'))).toBe('00:16:3e:0a:0b:0c')
  expect(macText(macNumber('fe:ff:ff:ff:ff:ff'))).toBe('fe:ff:ff:ff:ff:ff')
})
