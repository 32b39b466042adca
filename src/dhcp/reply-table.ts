import {
  type CompiledReply,
  macOf,
  networkOf,
  readRecord,
  recordLength,
  writeNetwork,
} from './reply-record.ts'

/** Compiled replies by MAC. A value with a life: put and drop alter it in place. */
export type ReplyTable = ReturnType<typeof openReplyTable>

const FIRST_SLOTS = 64
const GONE = 0xffff // as a record's network

/** More networks than this have no number in a record. */
export const MOST_NETWORKS = GONE

/**
 * All records in one buffer, one after the other, and a hash table of where they begin.
 *
 * A replaced or dropped record stays where it is until there is no room: then the others move to a new buffer.
 */
export function openReplyTable() {
  let bytes = Buffer.alloc(0)
  let used = 0 // bytes
  let live = 0 // bytes of records that count
  let slots = new Uint32Array(FIRST_SLOTS) // where a record begins, plus one; 0 is empty
  let taken = 0 // slots
  let size = 0 // records that count

  /** The slot of a MAC, or the empty one where it belongs. */
  function slotOf(mac: number): number {
    const mask = slots.length - 1
    // Makers count their MACs up: low bits that differ must come to lie in different slots.
    let slot = Math.imul(mac ^ (mac / 0x100000000), 0x9e3779b1) >>> Math.clz32(mask)
    for (
      let place = slots[slot] ?? 0;
      place !== 0 && macOf(bytes, place - 1) !== mac;
      place = slots[slot] ?? 0
    ) {
      slot = (slot + 1) & mask
    }
    return slot
  }

  function makeRoom(length: number): void {
    if (used + length <= bytes.length && 2 * (taken + 1) <= slots.length) return
    const places = slots
    const before = bytes
    bytes = Buffer.allocUnsafeSlow(2 * (live + length))
    slots = new Uint32Array(Math.max(FIRST_SLOTS, 2 ** Math.ceil(Math.log2(4 * (size + 1)))))
    used = live = taken = size = 0
    for (const place of places) if (place !== 0 && !isGone(before, place - 1)) append(before, place - 1)
  }

  /** Adds a copy of a record that is not there yet; there is room. */
  function append(from: Buffer, at: number): void {
    const length = recordLength(from, at)
    from.copy(bytes, used, at, at + length)
    slots[slotOf(macOf(from, at))] = used + 1
    used += length
    live += length
    taken++
    size++
  }

  function drop(mac: number): void {
    const at = (slots[slotOf(mac)] ?? 0) - 1
    if (at < 0 || isGone(bytes, at)) return
    markGone(bytes, at)
    live -= recordLength(bytes, at)
    size--
  }

  return {
    size: () => size,

    find(mac: number): CompiledReply | undefined {
      const at = (slots[slotOf(mac)] ?? 0) - 1
      return at < 0 || isGone(bytes, at) ? undefined : readRecord(bytes, at)
    },

    /** Puts a copy of the record that begins at `at`, in place of one with its MAC. */
    put(from: Buffer, at: number): void {
      makeRoom(recordLength(from, at))
      drop(macOf(from, at))
      const slot = slotOf(macOf(from, at))
      if (slots[slot] !== 0) taken-- // it is taken over
      append(from, at)
    },

    drop,

    /** Drops all records of a network. */
    dropNetwork(network: number): void {
      for (const place of slots) {
        if (place !== 0 && networkOf(bytes, place - 1) === network) drop(macOf(bytes, place - 1))
      }
    },
  }
}

const isGone = (bytes: Buffer, at: number) => networkOf(bytes, at) === GONE

const markGone = (bytes: Buffer, at: number) => writeNetwork(bytes, at, GONE)
