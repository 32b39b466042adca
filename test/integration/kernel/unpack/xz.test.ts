import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 as crc } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unpackXz } from '../../../../src/kernel/unpack/xz.ts'

// Made by xz 5.4 of `code()`, with the options their names tell; those of the kernel are x86-crc32.
const folder = join(import.meta.dirname, '../../../fixtures/kernel/xz')
const read = (name: string) => readFileSync(join(folder, name))

/** Bytes with calls and jumps in them, so that the branch filter has something to do. */
function code(): Buffer {
  let seed = 12345
  const random = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return seed >>> 8
  }
  const out = Buffer.alloc(30000)
  for (let at = 0; at < out.length; at++) {
    const kind = random() % 16
    if (kind === 0 && at + 5 < out.length) {
      out[at] = 0xe8 + (random() & 1)
      out.writeInt32LE(((random() % 5000) * 16 - at) | 0, at + 1)
      at += 4
    } else out[at] = kind < 10 ? 'mov add jmp ret '.charCodeAt(random() % 16) : random() & 255
  }
  return out
}

test.each(['x86-crc32.xz', 'plain-crc64.xz', 'blocks-sha256.xz', 'lc4-nocheck.xz'])('unpacks %s', (name) => {
  expect(Buffer.concat([...unpackXz(read(name))]).equals(code())).toBe(true)
})

test('what follows the stream is left alone', () => {
  const followed = Buffer.concat([read('x86-crc32.xz'), Buffer.from('and more')])

  expect(Buffer.concat([...unpackXz(followed)]).equals(code())).toBe(true)
})

test.each(['arm.xz', 'delta.xz'])('%s is refused for its filter', (name) => {
  expect(() => [...unpackXz(read(name))]).toThrow('filter that x86 kernels do not use')
})

test('a dictionary beyond all reason is refused before memory is taken', () => {
  const bytes = read('x86-crc32.xz')
  // The size of the dictionary is the last byte of the filters, in a header of 16 bytes.
  const header = Buffer.from(bytes.subarray(12, 12 + ((bytes[12] ?? 0) + 1) * 4))
  const at = header.indexOf(Buffer.from([0x21, 0x01])) + 2
  const changed = Buffer.from(bytes)
  changed[12 + at] = 40
  changed.writeUInt32LE(crc(changed.subarray(12, 12 + header.length - 4)), 12 + header.length - 4)

  expect(() => [...unpackXz(changed)]).toThrow('dictionary of more than 128 MiB')
})

test('a flipped bit is noticed, or changes nothing', () => {
  const original = read('x86-crc32.xz')
  const expected = code()
  fc.assert(
    fc.property(fc.nat(original.length - 1), fc.nat(7), (at, bit) => {
      const flipped = Buffer.from(original)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
      let unpacked: Buffer
      try {
        unpacked = Buffer.concat([...unpackXz(flipped)])
      } catch (error) {
        expect((error as Error).message).toMatch(/xz data/)
        return
      }
      expect(unpacked.equals(expected)).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('every cut is noticed', () => {
  const original = read('x86-crc32.xz')
  const index = original.length - 40 // the index and the footer are not needed
  fc.assert(
    fc.property(fc.integer({ min: 0, max: index }), (length) => {
      expect(() => [...unpackXz(original.subarray(0, length))]).toThrow('xz data')
    }),
    { numRuns: 30 },
  )
})

test('the files of this test are all used', () => {
  expect(readdirSync(folder).sort()).toEqual([
    'arm.xz',
    'blocks-sha256.xz',
    'delta.xz',
    'lc4-nocheck.xz',
    'plain-crc64.xz',
    'x86-crc32.xz',
  ])
})
