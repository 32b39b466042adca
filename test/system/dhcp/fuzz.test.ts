import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { dhcpIndex } from '../../../src/dhcp/change.ts'
import { findEntry } from '../../../src/dhcp/directory.ts'
import { readOptions } from '../../../src/dhcp/packet.ts'
import { respond } from '../../../src/dhcp/respond.ts'
import { guest, message, requested, serverId, type } from '../../unit/dhcp/builders.ts'

/** FUZZ_PACKETS for a long run: ten million take some minutes. */
const PACKETS = Number(process.env.FUZZ_PACKETS ?? 1_000_000)

/** The same packets in each run: mulberry32. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const KNOWN = ['00:16:3e:00:00:01', '00:16:3e:00:00:02'] as const
const STRANGER = '00:16:3e:00:00:99'

const seeds = [...KNOWN, STRANGER].flatMap((mac) => [
  message({ mac, options: [type(1), [55, [1, 3, 6]], [61, [1, 2, 3]]] }),
  message({ mac, options: [type(3), serverId('38.99.2.7'), requested('38.99.2.222')] }),
  message({ mac, giaddr: '38.99.2.3', options: [type(1), [82, [1, 2, 3, 4, 5, 4, 38, 99, 2, 3]]] }),
  message({ mac, ciaddr: '38.99.2.222', options: [type(8)] }),
  message({ mac, options: [[52, [3]], type(1)], file: [61, 2, 1, 2, 255], sname: [61, 1, 3, 255] }),
  message({ mac, tail: [] }),
])

/** Some bytes changed, some cut off or added, some of it all over again. */
function mutate(seed: Buffer, random: (below: number) => number, into: Buffer): Buffer {
  let length = seed.copy(into)
  for (let changes = random(6); changes > 0; changes--) into[random(length || 1)] = random(256)
  if (random(4) === 0) length = random(length + 1)
  if (random(4) === 0) {
    const added = random(200)
    for (let at = 0; at < added; at++) into[length + at] = random(256)
    length += added
  }
  if (random(8) === 0) into.copy(into, 240, random(240), length)
  return into.subarray(0, length)
}

test(`${PACKETS} mutated packets: no throw, no answer to a stranger, no growth of memory`, {
  timeout: 0,
}, () => {
  const [first, second] = KNOWN
  const index = dhcpIndex([
    guest({ domain: { mac: first } }),
    guest({ domain: { mac: second, name: 'two', address: '38.99.2.223' } }),
  ])
  const random = randomNumbers(1)
  const into = Buffer.alloc(2048)
  const outcomes = { replies: 0, silences: 0, wrong: 0 }
  const play = (packets: number) => {
    for (let packet = 0; packet < packets; packet++) {
      const bytes = mutate(seeds[random(seeds.length)] ?? into, random, into)
      const answer = respond((mac) => findEntry(index, mac), bytes)
      if (answer.kind === 'silence') outcomes.silences++
      else outcomes.replies++
      if (answer.kind === 'reply' && !isSound(bytes, answer.bytes)) outcomes.wrong++
    }
  }
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void // what the flag just added
  play(PACKETS / 10)
  collect()
  const before = process.memoryUsage().heapUsed
  play(PACKETS)
  collect()
  const grown = process.memoryUsage().heapUsed - before
  expect(outcomes.wrong).toBe(0)
  expect(outcomes.replies).toBeGreaterThan(PACKETS / 10)
  expect(outcomes.silences).toBeGreaterThan(PACKETS / 10)
  expect(grown).toBeLessThan(4 << 20)
})

/** A reply to a known MAC, with its xid, that reads without fault. */
function isSound(asked: Buffer, reply: Buffer): boolean {
  const mac = asked.toString('hex', 28, 34)
  return (
    KNOWN.some((known) => known.replaceAll(':', '') === mac) &&
    reply[0] === 2 &&
    reply.readUInt32BE(4) === asked.readUInt32BE(4) &&
    reply.length >= 300 &&
    readOptions(reply) !== undefined
  )
}
