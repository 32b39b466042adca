import type { DropReason } from './packet.ts'
import type { ReplyForm } from './replies.ts'
import type { Silence } from './respond.ts'

/** Message types by option 53, 0 being BOOTP; everything else is `other`, what could not be read `unreadable`. */
export const MESSAGE_TYPES = [
  'bootp',
  'discover',
  'offer',
  'request',
  'decline',
  'ack',
  'nak',
  'release',
  'inform',
  'other',
  'unreadable',
] as const
export type MessageType = (typeof MESSAGE_TYPES)[number]

export type MessageResult = ReplyForm | Silence | DropReason | 'loading' | 'send-failed' | 'fault'

const RESULTS: readonly MessageResult[] = [
  'offer',
  'ack',
  'inform-ack',
  'nak',
  'bootp',
  'unknown-mac',
  'network-off',
  'observed',
  'no-address-here',
  'other-network',
  'other-server',
  'foreign-address',
  'release',
  'decline',
  'message-type',
  'too-short',
  'not-a-request',
  'hardware',
  'malformed',
  'loading',
  'send-failed',
  'fault',
]

/** One row of `domus_dhcp_messages_total{type,result}`. */
export interface MessageCount {
  readonly type: MessageType
  readonly result: MessageResult
  readonly count: number
}

const OTHER = MESSAGE_TYPES.indexOf('other')
const UNREADABLE = MESSAGE_TYPES.indexOf('unreadable')
const resultIndex = new Map(RESULTS.map((result, at) => [result, at]))

/** Shared between the thread that counts and the one that reads; one writer. */
export const newCounters = () =>
  new Float64Array(new SharedArrayBuffer(8 * MESSAGE_TYPES.length * RESULTS.length))

/** Counts a message of this option 53 (undefined: unreadable). */
export function count(counters: Float64Array, type: number | undefined, result: MessageResult): void {
  const row = type === undefined ? UNREADABLE : type < OTHER ? type : OTHER
  const at = row * RESULTS.length + (resultIndex.get(result) ?? 0)
  counters[at] = (counters[at] ?? 0) + 1
}

/** All rows that are not zero. */
export function readCounters(counters: Float64Array): MessageCount[] {
  return [...counters].flatMap((value, at) => {
    const type = MESSAGE_TYPES[Math.floor(at / RESULTS.length)]
    const result = RESULTS[at % RESULTS.length]
    return value === 0 || type === undefined || result === undefined ? [] : [{ type, result, count: value }]
  })
}
