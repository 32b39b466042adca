const BLOCK_BYTES = 8 << 20 // of the legacy format, uncompressed
const MOST_BLOCKS = 4096 // all but the last are full, so that this is far beyond any kernel

/**
 * Unpacks the legacy LZ4 format, the only one that kernels use (lib/decompress_unlz4.c): after the magic number
 * independent blocks, each with its compressed length before it.
 *
 * @throws Error for damaged data; what follows a complete block and is no block is left alone
 */
export function* unpackLz4(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const block = new Uint8Array(BLOCK_BYTES)
  let at = 4
  let blocks = 0
  while (at + 4 <= bytes.length) {
    const length = view.getUint32(at, true)
    at += 4
    if (length === LEGACY_MAGIC) continue
    if (length === 0) return
    if (length > bytes.length - at) throw new Error('the lz4 data is cut off')
    if (++blocks > MOST_BLOCKS) throw new Error('the lz4 data has too many blocks')
    yield block.slice(0, unpackBlock(bytes.subarray(at, at + length), block))
    at += length
  }
}

const LEGACY_MAGIC = 0x184c2102

/** Returns the number of bytes written to `out` (lz4_Block_format.md). */
function unpackBlock(input: Uint8Array, out: Uint8Array): number {
  let at = 0
  let to = 0
  while (at < input.length) {
    const token = input[at++] as number // at < length
    let literals = token >> 4
    if (literals === 15) {
      let more: number
      do {
        more = input[at++] ?? fail()
        literals += more
      } while (more === 255)
    }
    if (literals > input.length - at || literals > out.length - to) fail()
    if (literals > 32) out.set(input.subarray(at, at + literals), to)
    else for (let index = 0; index < literals; index++) out[to + index] = input[at + index] as number
    at += literals
    to += literals
    if (at === input.length) return to
    const distance = (input[at] ?? fail()) | ((input[at + 1] ?? fail()) << 8)
    at += 2
    let length = (token & 15) + 4
    if (length === 19) {
      let more: number
      do {
        more = input[at++] ?? fail()
        length += more
      } while (more === 255)
    }
    if (distance === 0 || distance > to || length > out.length - to) fail()
    if (distance >= length && length > 32) out.copyWithin(to, to - distance, to - distance + length)
    else if (distance === 1) out.fill(out[to - 1] as number, to, to + length)
    else for (let index = 0; index < length; index++) out[to + index] = out[to + index - distance] as number
    to += length
  }
  return to
}

function fail(): never {
  throw new Error('the lz4 data is damaged')
}
