import fc from 'fast-check'
import { expect, test } from 'vitest'
import { domainOf, formatRecord, readProgress, writeProgress } from '../../../src/dhcp/reply-record.ts'
import { openReplyTable } from '../../../src/dhcp/reply-table.ts'

const recordOf = (mac: number, domain: string, network = 0) =>
  formatRecord(
    { domain, mac, address: mac % 2 ** 32, nextServer: 1, network },
    { options: Buffer.from(domain.repeat(3)), extrasAt: 1 },
  )

// Few MACs, so that they meet again; some of them share their slot.
const mac = fc.integer({ min: 0, max: 30 }).map((at) => 0x00163e000000 + at * 0x100000)
const step = fc.oneof(
  fc.record({ mac, put: fc.stringMatching(/^[a-z]{1,20}$/), network: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ drop: mac }),
  fc.record({ dropNetwork: fc.integer({ min: 0, max: 2 }) }),
)

test('it holds what a map would hold, whatever is put and dropped', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = openReplyTable()
      const map = new Map<number, { domain: string; network: number }>()
      for (const one of steps) {
        if ('put' in one) {
          table.put(recordOf(one.mac, one.put, one.network), 0)
          map.set(one.mac, { domain: one.put, network: one.network })
        } else if ('drop' in one) {
          table.drop(one.drop)
          map.delete(one.drop)
        } else {
          table.dropNetwork(one.dropNetwork)
          for (const [key, { network }] of map) if (network === one.dropNetwork) map.delete(key)
        }
      }
      expect(table.size()).toBe(map.size)
      for (let at = 0; at <= 30; at++) {
        const key = 0x00163e000000 + at * 0x100000
        const found = table.find(key)
        const held = found && { domain: domainOf(found), network: found.network }
        expect(held).toEqual(map.get(key))
      }
    }),
  )
})

test('ten thousand are all found, and a stranger is not', () => {
  const table = openReplyTable()
  const macOf = (at: number) => 0x00163e000000 + at
  for (let at = 0; at < 10_000; at++) table.put(recordOf(macOf(at), `guest${at}`), 0)
  const wrong = Array.from({ length: 10_000 }, (_, at) => table.find(macOf(at))).filter(
    (reply, at) => reply === undefined || domainOf(reply) !== `guest${at}`,
  )
  expect(wrong).toEqual([])
  expect(table.find(macOf(10_000))).toBeUndefined()
})

test('a record in its place again and again takes no more memory', () => {
  const table = openReplyTable()
  table.put(recordOf(1, 'other'), 0)
  for (let round = 0; round < 10_000; round++) table.put(recordOf(2, 'menas'), 0)
  expect(table.find(2)?.bytes.length).toBeLessThan(1_000)
})

test('how far a boot has come stays with its guest when records move', () => {
  const table = openReplyTable()
  table.put(recordOf(1, 'menas'), 0)
  const reply = table.find(1)
  if (reply === undefined) throw new Error('not found')
  writeProgress(reply, { stages: 5, startedAt: 1_700_000_000_000 })
  for (let at = 2; at < 1_000; at++) table.put(recordOf(at, 'other'), 0)
  const moved = table.find(1)
  expect(moved && readProgress(moved)).toEqual({ stages: 5, startedAt: 1_700_000_000_000 })
})
