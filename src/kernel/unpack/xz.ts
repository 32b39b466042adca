import { crc32 } from 'node:zlib'
import { bcjX86 } from './bcj-x86.ts'
import { damaged, LzmaDecoder } from './lzma.ts'

/**
 * Unpacks an .xz stream as kernels and initramfs files use it (xz-file-format.txt): LZMA2, with the x86 branch
 * filter before it or not. CRC32 is checked, other checks are passed over, and so is what follows the stream.
 *
 * @throws Error for damaged data, another filter, or a dictionary over 128 MiB
 */
export function* unpackXz(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < 24 || view.getUint32(8, true) !== crc32(bytes.subarray(6, 8))) damaged()
  const check = (bytes[7] ?? 0) & 15
  let at = 12
  let blocks = 0
  // A zero where the size of a block's header would be begins the index, which ends the data.
  while (at < bytes.length && bytes[at] !== 0) {
    const header = readBlockHeader(bytes, view, at)
    at = yield* unpackBlock(bytes, header, check)
    blocks++
  }
  if (readNumber(bytes, at + 1).value !== blocks) damaged()
}

interface BlockHeader {
  readonly dictionaryBytes: number
  readonly hasBranchFilter: boolean
  /** Where the data begins. */
  readonly end: number
}

const MAX_DICTIONARY = 128 << 20
const LZMA2 = 0x21
const BCJ_X86 = 0x04

function readBlockHeader(bytes: Uint8Array, view: DataView, start: number): BlockHeader {
  const end = start + ((bytes[start] ?? 0) + 1) * 4
  if (end > bytes.length || view.getUint32(end - 4, true) !== crc32(bytes.subarray(start, end - 4))) damaged()
  const flags = bytes[start + 1] ?? 0
  let at = start + 2
  if (flags & 0x40) vli()
  if (flags & 0x80) vli()
  const filters = Array.from({ length: (flags & 3) + 1 }, () => {
    const id = vli()
    const size = vli()
    at += size
    return { id, first: bytes[at - size] ?? 0, size }
  })
  const last = filters.at(-1)
  const others = filters.slice(0, -1)
  if (at > end - 4 || last?.id !== LZMA2 || last.size !== 1) damaged()
  if (others.length > 1 || others.some(({ id, size }) => id !== BCJ_X86 || size !== 0)) {
    throw new Error('the xz data uses a filter that x86 kernels do not use')
  }
  return { dictionaryBytes: dictionaryOf(last.first), hasBranchFilter: others.length === 1, end }

  function vli(): number {
    const number = readNumber(bytes, at)
    at = number.end
    return number.value
  }
}

/** Reads a number of seven bits a byte, the lowest first. */
function readNumber(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0
  for (let index = 0; index < 7; index++) {
    const byte = bytes[start + index] ?? damaged()
    value += (byte & 0x7f) * 2 ** (index * 7)
    if (byte < 0x80) return { value, end: start + index + 1 }
  }
  return damaged()
}

function dictionaryOf(bits: number): number {
  const size = bits > 39 ? Number.POSITIVE_INFINITY : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11)
  if (size > MAX_DICTIONARY) throw new Error('the xz data needs a dictionary of more than 128 MiB')
  return size
}

/** Returns where the next block or the index begins. */
function* unpackBlock(bytes: Uint8Array, header: BlockHeader, check: number): Generator<Uint8Array, number> {
  const chunks = unpackChunks(bytes, header)
  const filter = header.hasBranchFilter ? bcjX86() : undefined
  let sum = 0
  for (;;) {
    const { value, done } = chunks.next()
    const part = filter === undefined ? (done ? EMPTY : value) : filter(done ? EMPTY : value, done === true)
    sum = check === CRC32 ? crc32(part, sum) : sum
    if (part.length > 0) yield part
    if (!done) continue
    const at = header.end + ((value - header.end + 3) & ~3)
    const size = CHECK_BYTES[check] ?? damaged()
    if (at + size > bytes.length) damaged()
    if (check === CRC32 && new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true) !== sum)
      damaged()
    return at + size
  }
}

const EMPTY = new Uint8Array(0)
const CRC32 = 1
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64]

/** Unpacks LZMA2 data and returns where it ends. */
function* unpackChunks(
  bytes: Uint8Array,
  { end, dictionaryBytes }: BlockHeader,
): Generator<Uint8Array, number> {
  const decoder = new LzmaDecoder(bytes, dictionaryBytes)
  let at = end
  let left = 1000 + (bytes.length >> 10) // chunks; those of an encoder hold 64 kB
  let needs: 'dictionary' | 'properties' | 'nothing' = 'dictionary'
  for (;;) {
    const control = byteAt(at)
    if (control === 0) return at + 1
    if (--left < 0) damaged()
    if (control === 1 || control >= 0xe0) decoder.resetDictionary()
    else if (needs === 'dictionary') damaged()
    if (control < 0x80) {
      if (control > 2) damaged()
      const length = word(at + 1) + 1
      yield decoder.copy(at + 3, length)
      at += 3 + length
      if (needs === 'dictionary') needs = 'properties'
      continue
    }
    const length = ((control & 0x1f) << 16) + word(at + 1) + 1
    const packed = word(at + 3) + 1
    at += 5
    if (control >= 0xc0) decoder.setProperties(byteAt(at++))
    else if (needs !== 'nothing') damaged()
    else if (control >= 0xa0) decoder.resetState()
    needs = 'nothing'
    yield decoder.decode(at, packed, length)
    at += packed
  }

  function byteAt(index: number): number {
    return bytes[index] ?? damaged()
  }
  function word(index: number): number {
    return byteAt(index) * 256 + byteAt(index + 1)
  }
}
