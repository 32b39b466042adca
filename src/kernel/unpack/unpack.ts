import { Readable } from 'node:stream'
import { constants, createZstdDecompress } from 'node:zlib'
import type { Compression } from './formats.ts'
import { unpackGzip } from './gzip.ts'
import { unpackLz4 } from './lz4.ts'
import { unpackXz } from './xz.ts'

/** Programs of this machine that unpack faster than we do; all optional. */
export interface Unpackers {
  /** Unpacks .xz; undefined when there is no such program. */
  readonly xz?: (bytes: Uint8Array) => AsyncIterable<Uint8Array> | undefined
}

/** Thrown for what is compressed in a way that we do not read. */
export class UnknownCompression extends Error {
  override readonly name = 'UnknownCompression'
}

/**
 * Unpacks, part by part, so that memory stays bounded whatever the size.
 *
 * A file may unpack to 16 MiB and 32 times its own size, at most to 512 MiB: kernels stay below a tenth of that.
 *
 * @throws UnknownCompression for bzip2, lzma and lzo; Error for damaged data and for bombs
 */
export async function* unpack(
  compression: Compression,
  bytes: Uint8Array,
  programs: Unpackers = {},
): AsyncGenerator<Uint8Array> {
  const most = Math.min(MAX_UNPACKED, SLACK + RATIO * bytes.length)
  let length = 0
  for await (const part of joinSmall(open(compression, bytes, programs))) {
    length += part.length
    if (length > most) throw new Error(`it unpacks to more than ${Math.floor(most / 2 ** 20)} MiB`)
    yield part
  }
}

// Readers copy what they keep for each part: too many small ones would take for ever.
async function* joinSmall(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let small: Uint8Array[] = []
  let length = 0
  for await (const part of parts) {
    if (part.length >= SMALL && length === 0) {
      yield part
      continue
    }
    small.push(part)
    length += part.length
    if (length < SMALL) continue
    yield Buffer.concat(small)
    small = []
    length = 0
  }
  if (length > 0) yield Buffer.concat(small)
}

const SMALL = 64 << 10
const MAX_UNPACKED = 512 << 20
const SLACK = 16 << 20
const RATIO = 32
const PART_BYTES = 1 << 20

function open(
  compression: Compression,
  bytes: Uint8Array,
  programs: Unpackers,
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  switch (compression) {
    case 'gzip':
      return unpackGzip(bytes)
    case 'zstd':
      // The kernel's zstd asks for windows of up to 128 MiB, more than the default allows.
      return through(
        bytes,
        createZstdDecompress({ chunkSize: PART_BYTES, params: { [constants.ZSTD_d_windowLogMax]: 27 } }),
      )
    case 'lz4':
      return unpackLz4(bytes)
    case 'xz':
      return programs.xz?.(bytes) ?? unpackXz(bytes)
    case 'bzip2':
    case 'lzma':
    case 'lzo':
      throw new UnknownCompression(`it is compressed with ${compression}, which domus does not unpack`)
  }
}

function through(bytes: Uint8Array, unpacker: NodeJS.ReadWriteStream): AsyncIterable<Uint8Array> {
  const source = Readable.from([bytes])
  // An error of the unpacker surfaces in the iteration; the source has none of its own.
  return source.pipe(unpacker) as unknown as AsyncIterable<Uint8Array>
}
