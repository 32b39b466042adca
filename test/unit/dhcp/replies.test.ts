import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dhcpIndex } from '../../../src/dhcp/change.ts'
import { checkReservation, compileOptions } from '../../../src/dhcp/compile.ts'
import { findEntry } from '../../../src/dhcp/directory.ts'
import { readOptions } from '../../../src/dhcp/packet.ts'
import { MAX_LENGTH, MIN_LENGTH } from '../../../src/dhcp/replies.ts'
import { reservationOf } from '../../../src/dhcp/reservation.ts'
import { respond } from '../../../src/dhcp/respond.ts'
import { formatIpv4 } from '../../../src/model/address.ts'
import type { Guest } from '../../../src/model/inventory.ts'
import { guest, type MessageFields, message, requested, serverId, type } from './builders.ts'

function reply(fields: MessageFields, of: Guest = guest()): Buffer {
  const index = dhcpIndex([of])
  const answer = respond((mac) => findEntry(index, mac), message(fields))
  if (answer.kind === 'silence') throw new Error(answer.reason)
  return answer.bytes
}

const options = (bytes: Buffer) => readOptions(bytes) ?? new Map<number, Buffer>()

const full = guest({
  domain: { options: { 43: '01:02:ff' } },
  network: {
    domain: 'xen.example',
    ntp: ['38.99.2.1', '38.99.2.2'],
    mtu: 1500,
    options: {
      'domain-search': ['xen.example', 'example'],
      121: ['10.0.0.0/8 via 38.99.2.9'],
      'nis-domain': 'nis',
    },
  },
})

describe('the bytes on the wire are the golden ones', () => {
  test.each<[string, Guest, MessageFields]>([
    ['offer', guest(), { options: [type(1)] }],
    ['ack', guest(), { options: [type(3), serverId('38.99.2.7'), requested('38.99.2.222')] }],
    ['nak', guest(), { options: [type(3), requested('38.99.2.9')] }],
    ['inform-ack', guest(), { ciaddr: '38.99.2.222', options: [type(8)] }],
    ['bootp', guest(), { tail: [] }],
    [
      'offer-with-everything',
      full,
      { options: [type(1), [61, [1, 0, 22, 62, 0, 0, 1]], [82, [1, 2, 7, 8]]] },
    ],
  ])('%s', async (name, of, fields) => {
    await expect(hexDump(reply(fields, of))).toMatchFileSnapshot(`../../golden/dhcp/${name}.hex`)
  })
})

/** 16 bytes a line, so that a difference shows where it is. */
function hexDump(bytes: Buffer): string {
  const lines = bytes.toString('hex').match(/.{1,32}/g) ?? []
  return `${lines.map((line, row) => `${(row * 16).toString(16).padStart(4, '0')} ${line}`).join('\n')}\n`
}

describe('RFC 2131 §4.3.1 table 3: the fields of a reply', () => {
  test('OFFER and ACK are the same but for the type', () => {
    const offer = reply({ options: [type(1)] })
    const ack = reply({ options: [type(3), serverId('38.99.2.7'), requested('38.99.2.222')] })
    offer[248] = 5
    expect(ack.equals(offer)).toBe(true)
  })

  test('an OFFER carries all that the kernel asks for', () => {
    const found = options(reply({ options: [type(1)] }, full))
    expect(
      Object.fromEntries([...found].map(([code, value]) => [code, value.toString('latin1')])),
    ).toMatchObject({
      1: '\xff\xff\xff\0',
      3: '\x26\x63\x02\x01',
      6: '\x26\x63\x02\x01',
      12: 'menas',
      15: 'xen.example',
      17: '38.99.2.7:/usr/xen/images/slack',
      26: '\x05\xdc',
      28: '\x26\x63\x02\xff',
      40: 'nis',
      42: '\x26\x63\x02\x01\x26\x63\x02\x02',
      51: '\0\x01\x51\x80',
      53: '\x02',
      54: '\x26\x63\x02\x07',
    })
  })

  test('yiaddr is the guest, siaddr the NFS server, sname and file are empty', () => {
    const bytes = reply({ options: [type(1)] })
    expect(formatIpv4(bytes.readUInt32BE(16))).toBe('38.99.2.222')
    expect(formatIpv4(bytes.readUInt32BE(20))).toBe('38.99.2.7')
    expect(bytes.subarray(44, 236).every((byte) => byte === 0)).toBe(true)
  })

  test('xid, flags, giaddr and all 16 bytes of chaddr are those of the request', () => {
    const request = {
      xid: 0xcafe0001,
      flags: 0x8000,
      giaddr: '38.99.2.3',
      chaddrRest: 0xab,
      options: [type(1)],
    }
    const bytes = reply(request)
    const asked = message(request)
    for (const [from, to] of [
      [4, 8],
      [10, 12],
      [24, 44],
    ] as const) {
      expect(bytes.subarray(from, to)).toEqual(asked.subarray(from, to))
    }
  })

  test('ciaddr is echoed in an ACK, not in an OFFER or NAK', () => {
    const ciaddrOf = (bytes: Buffer) => formatIpv4(bytes.readUInt32BE(12))
    expect(ciaddrOf(reply({ ciaddr: '38.99.2.222', options: [type(3)] }))).toBe('38.99.2.222')
    expect(ciaddrOf(reply({ ciaddr: '38.99.2.9', options: [type(1)] }))).toBe('0.0.0.0')
    expect(ciaddrOf(reply({ ciaddr: '38.99.2.9', options: [type(3)] }))).toBe('0.0.0.0')
  })

  test('a NAK has 53 and 54 only, and no address', () => {
    const bytes = reply({ options: [type(3), requested('38.99.2.9')] })
    expect([...options(bytes).keys()].sort()).toEqual([53, 54])
    expect(bytes.subarray(12, 24).every((byte) => byte === 0)).toBe(true)
  })

  test('§4.3.5 the ACK to an INFORM has no lease time and no yiaddr', () => {
    const bytes = reply({ ciaddr: '38.99.2.222', options: [type(8)] })
    expect(options(bytes).has(51)).toBe(false)
    expect(bytes.readUInt32BE(16)).toBe(0)
    expect(options(bytes).get(53)).toEqual(Buffer.from([5]))
    expect(options(bytes).get(17)?.toString()).toBe('38.99.2.7:/usr/xen/images/slack')
  })

  test('RFC 1534 §2: a BOOTP reply has no DHCP options', () => {
    const found = options(reply({ tail: [] }))
    expect([51, 53, 54].filter((code) => found.has(code))).toEqual([])
    expect(found.get(17)?.toString()).toBe('38.99.2.7:/usr/xen/images/slack')
  })
})

describe('RFC 6842: the client identifier is echoed', () => {
  const clientId = [61, [255, 0, 1, 2, 3]] as const
  test.each<[string, MessageFields]>([
    ['OFFER', { options: [type(1), clientId] }],
    ['ACK', { options: [type(3), clientId] }],
    ['NAK', { options: [type(3), requested('38.99.2.9'), clientId] }],
    ['ACK to an INFORM', { ciaddr: '38.99.2.222', options: [type(8), clientId] }],
  ])('%s', (_form, fields) => {
    expect(options(reply(fields)).get(61)).toEqual(Buffer.from(clientId[1]))
  })
})

describe('RFC 3046 §2.2: the relay option is echoed', () => {
  const relay = [82, [1, 4, 101, 116, 104, 48, 2, 2, 9, 9]] as const

  test('as it came, last of all options', () => {
    const bytes = reply({ giaddr: '38.99.2.3', options: [type(1), [61, [1, 2]], relay] })
    expect([...options(bytes).keys()].at(-1)).toBe(82)
    expect(options(bytes).get(82)).toEqual(Buffer.from(relay[1]))
  })

  test('in a NAK and in a BOOTP reply too', () => {
    const nak = reply({ giaddr: '38.99.2.3', options: [type(3), requested('38.99.2.9'), relay] })
    const bootp = reply({ giaddr: '38.99.2.3', options: [relay] })
    expect([nak, bootp].map((bytes) => options(bytes).get(82))).toEqual([
      Buffer.from(relay[1]),
      Buffer.from(relay[1]),
    ])
  })
})

describe('sizes', () => {
  test('RFC 1542 §2.1: never below 300 bytes', () => {
    expect(reply({ options: [type(3), requested('38.99.2.9')] })).toHaveLength(MIN_LENGTH)
  })

  test('the reply ends with 255, then zeros', () => {
    const bytes = reply({ options: [type(1)] })
    expect(bytes.toString('latin1').replace(/\0+$/, '').at(-1)).toBe('\xff')
  })

  const big = guest({ network: { options: { 209: 'x'.repeat(180) } } })

  test('extra options go when the client identifier leaves no room for them', () => {
    const long = [61, new Array(60).fill(1)] as const
    const short = reply({ options: [type(1), long] }, big)
    expect(options(short).has(209)).toBe(false)
    expect(short.length).toBeLessThanOrEqual(MAX_LENGTH)
    expect(options(short).get(61)).toHaveLength(60)
  })

  test('RFC 2132 §9.10: they stay for a client that takes longer messages', () => {
    const bytes = reply({ options: [type(1), [61, new Array(60).fill(1)], [57, [5, 220]]] }, big)
    expect(options(bytes).get(209)).toHaveLength(180)
  })

  test('a reply that not every client takes is refused, naming the domain', () => {
    const much = guest({ network: { options: { 209: 'x'.repeat(200), 210: 'y'.repeat(100) } } })
    expect(checkReservation(reservationOf(much), 'domains/menas')).toEqual([
      {
        path: 'domains/menas',
        message: expect.stringMatching(/^the DHCP reply for domain menas has \d+ bytes/),
      },
    ])
  })

  test('it is refused by its length alone, also where nothing but texts and lists make it long', () => {
    const servers = Array.from({ length: 16 }, (_one, at) => `38.99.2.${at + 1}`)
    const network = { domain: 'xen.example', mtu: 1500, dns: servers.slice(0, 12), ntp: servers.slice(0, 3) }
    const lengths = Array.from({ length: 100 }, (_one, at) => {
      const reservation = reservationOf(guest({ network, path: `/${'a'.repeat(at + 120)}` }))
      const length = 240 + compileOptions(reservation).options.length + 1
      expect(checkReservation(reservation, 'domains/menas').length, `${length} bytes`).toBe(
        length > MAX_LENGTH ? 1 : 0,
      )
      return length
    })
    expect(lengths).toEqual(expect.arrayContaining([MAX_LENGTH, MAX_LENGTH + 1]))
  })

  test('a root path over 255 bytes is refused', () => {
    const deep = guest({ path: `/${'a'.repeat(250)}` })
    expect(checkReservation(reservationOf(deep), 'domains/menas')[0]?.message).toMatch(
      /root path .* at most 255/,
    )
  })

  test('the guest of the book is fine', () => {
    expect(checkReservation(reservationOf(guest()), 'domains/menas')).toEqual([])
  })
})

const address = fc.integer({ min: 1, max: 254 }).map((last) => `38.99.2.${last}`)
const addresses = fc.array(address, { maxLength: 4 })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const toldOf = fc.record({
  address,
  hostName: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,30}$/),
  dns: addresses,
  ntp: addresses,
  domain: maybe(fc.stringMatching(/^[a-z0-9]{1,20}\.[a-z]{2,5}$/)),
  mtu: maybe(fc.integer({ min: 576, max: 9000 })),
  leaseSeconds: fc.integer({ min: 3600, max: 4294967294 }),
  path: fc.stringMatching(/^(\/[a-z0-9]{1,20}){1,5}$/),
})
const askedOf = fc.record({
  form: fc.constantFrom('offer', 'ack', 'inform-ack', 'bootp'),
  xid: fc.integer({ min: 0, max: 0xffffffff }),
  clientId: fc.uint8Array({ minLength: 1, maxLength: 30 }),
  relayInfo: fc.uint8Array({ minLength: 2, maxLength: 30 }),
})
type Told = typeof toldOf extends fc.Arbitrary<infer T> ? T : never
type Asked = typeof askedOf extends fc.Arbitrary<infer T> ? T : never

const ips = (list: readonly string[]) => list.flatMap((one) => one.split('.').map(Number))
const text = (value: string) => [...Buffer.from(value, 'ascii')]
const number = (value: number, size: number) => {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return [...bytes]
}

/** Every option the reply is to have, by code; an empty value is an option that is not there. */
function optionsToldBy(told: Told, { form, clientId, relayInfo }: Asked): Map<number, number[]> {
  const isDhcp = form !== 'bootp'
  const all: [number, number[]][] = [
    [1, [255, 255, 255, 0]],
    [3, ips(['38.99.2.1'])],
    [6, ips(told.dns)],
    [12, text(told.hostName)],
    [15, text(told.domain ?? '')],
    [17, text(`38.99.2.7:${told.path}`)],
    [26, told.mtu === undefined ? [] : number(told.mtu, 2)],
    [28, ips(['38.99.2.255'])],
    [42, ips(told.ntp)],
    [51, form === 'offer' || form === 'ack' ? number(told.leaseSeconds, 4) : []],
    [53, isDhcp ? [form === 'offer' ? 2 : 5] : []],
    [54, isDhcp ? ips(['38.99.2.7']) : []],
    [61, isDhcp ? [...clientId] : []],
    [82, [...relayInfo]],
  ]
  return new Map(all.filter(([, value]) => value.length > 0))
}

const REQUEST_TYPES = { offer: [type(1)], ack: [type(3)], 'inform-ack': [type(8)], bootp: [] } as const

test('reading a reply gives what the inventory says and what was asked, and nothing else', () => {
  fc.assert(
    fc.property(toldOf, askedOf, (told, asked) => {
      const { dns, ntp, leaseSeconds, domain, mtu } = told
      const of = guest({
        domain: { name: told.hostName, address: told.address },
        network: { dns, ntp, leaseSeconds, ...(domain && { domain }), ...(mtu && { mtu }) },
        path: told.path,
      })
      const echoed = [
        [61, [...asked.clientId]],
        [82, [...asked.relayInfo]],
      ] as const
      const options = [...REQUEST_TYPES[asked.form], ...echoed]
      const bytes = reply({ xid: asked.xid, ciaddr: told.address, options }, of)
      const found = readOptions(bytes) ?? new Map<number, Buffer>()
      const read = new Map([...found].map(([code, value]) => [code, [...value]]))
      expect(read).toEqual(optionsToldBy(told, asked))
      expect(bytes.readUInt32BE(4)).toBe(asked.xid)
      expect(formatIpv4(bytes.readUInt32BE(16))).toBe(asked.form === 'inform-ack' ? '0.0.0.0' : told.address)
      expect(bytes.length).toBeGreaterThanOrEqual(MIN_LENGTH)
      expect(bytes.length).toBeLessThanOrEqual(MAX_LENGTH)
    }),
  )
})
