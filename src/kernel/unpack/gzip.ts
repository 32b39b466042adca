import { Readable } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'

const PART_BYTES = 1 << 20
const MOST_MEMBERS = 100

/**
 * Unpacks gzip data (RFC 1952), one member after another. What follows and is no member is left alone: boot
 * configuration may be appended to an initramfs, and zlib's own reader would lose data over it.
 *
 * @throws Error for damaged data
 */
export async function* unpackGzip(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  let members = 0
  for (let at = 0; at === 0 || isMember(bytes, at); ) {
    if (++members > MOST_MEMBERS) throw new Error('the gzip data has too many members')
    at = yield* unpackMember(bytes, at)
  }
}

/** Returns where the member ends. */
async function* unpackMember(bytes: Uint8Array, start: number): AsyncGenerator<Uint8Array, number> {
  const data = start + headerBytes(bytes, start)
  const unpacker = createInflateRaw({ chunkSize: PART_BYTES })
  const parts = Readable.from([bytes.subarray(data)]).pipe(unpacker) as AsyncIterable<Uint8Array> // no encoding is set
  let sum = 0
  for await (const part of parts) {
    sum = crc32(part, sum)
    yield part
  }
  const end = data + unpacker.bytesWritten
  if (end + 8 > bytes.length) throw new Error('the gzip data is cut off')
  const expected = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0, true)
  if (sum !== expected) throw new Error('the gzip data is damaged: its checksum is wrong')
  return end + 8
}

function isMember(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x1f && bytes[at + 1] === 0x8b && bytes[at + 2] === 8
}

const HAS_CHECKSUM = 2
const HAS_EXTRA = 4
const HAS_NAME = 8
const HAS_COMMENT = 16

function headerBytes(bytes: Uint8Array, start: number): number {
  const flags = bytes[start + 3] ?? 0
  let at = start + 10
  if (flags & HAS_EXTRA) at += 2 + (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256
  for (const flag of [HAS_NAME, HAS_COMMENT]) {
    if (!(flags & flag)) continue
    const end = bytes.indexOf(0, at)
    at = end === -1 ? bytes.length : end + 1
  }
  return at + (flags & HAS_CHECKSUM ? 2 : 0) - start
}
