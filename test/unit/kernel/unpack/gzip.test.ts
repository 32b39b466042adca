import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { unpackGzip } from '../../../../src/kernel/unpack/gzip.ts'

const unpack = async (bytes: Uint8Array) => {
  const parts: Uint8Array[] = []
  for await (const part of unpackGzip(bytes)) parts.push(part)
  return Buffer.concat(parts).toString()
}
const TEXT = 'CONFIG_XEN=y\n'.repeat(20)

test('members come one after another', async () => {
  expect(await unpack(Buffer.concat([gzipSync(TEXT), gzipSync('end')]))).toBe(`${TEXT}end`)
})

test.each([0, 7])('what follows is left alone, be it bytes of %i', async (filling) => {
  expect(await unpack(Buffer.concat([gzipSync(TEXT), Buffer.alloc(700, filling)]))).toBe(TEXT)
})

test('a header with a name, a comment, an extra field and a checksum is passed over', async () => {
  const plain = gzipSync(TEXT)
  const header = Buffer.from([0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 2, 0, 1, 2])
  const rest = Buffer.concat([Buffer.from('name\0comment\0'), Buffer.alloc(2), plain.subarray(10)])

  expect(await unpack(Buffer.concat([header, rest]))).toBe(TEXT)
})

test('damage and cuts are errors', async () => {
  const flipped = gzipSync(TEXT)
  flipped[flipped.length - 6] = (flipped[flipped.length - 6] ?? 0) ^ 1
  await expect(unpack(flipped)).rejects.toThrow('checksum')
  for (const length of [5, 12, 20, gzipSync(TEXT).length - 4]) {
    await expect(unpack(gzipSync(TEXT).subarray(0, length))).rejects.toThrow()
  }
})
