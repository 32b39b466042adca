import { expect, test } from 'vitest'
import { count, newCounters, readCounters } from '../../../src/dhcp/counters.ts'

test('messages are counted by type and result', () => {
  const counters = newCounters()
  count(counters, 1, 'offer')
  count(counters, 1, 'offer')
  count(counters, 0, 'bootp')
  count(counters, 3, 'unknown-mac')
  count(counters, 77, 'message-type')
  count(counters, undefined, 'malformed')
  expect(readCounters(counters)).toEqual([
    { type: 'bootp', result: 'bootp', count: 1 },
    { type: 'discover', result: 'offer', count: 2 },
    { type: 'request', result: 'unknown-mac', count: 1 },
    { type: 'other', result: 'message-type', count: 1 },
    { type: 'unreadable', result: 'malformed', count: 1 },
  ])
})
