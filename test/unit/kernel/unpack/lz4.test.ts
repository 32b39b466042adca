import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unpackLz4 } from '../../../../src/kernel/unpack/lz4.ts'
import { lz4Stored } from '../../../builders/kernel-image.ts'

const MAGIC = [0x02, 0x21, 0x4c, 0x18]
const framed = (...block: number[]) => Buffer.from([...MAGIC, block.length, 0, 0, 0, ...block])
const unpack = (bytes: Uint8Array) => Buffer.concat([...unpackLz4(bytes)]).toString('latin1')

test('literals come as they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(Buffer.concat([...unpackLz4(lz4Stored(Buffer.from(bytes)))]).equals(bytes)).toBe(true)
    }),
    { numRuns: 20 },
  )
})

test('matches repeat what was there, overlapping too', () => {
  // "abc", then 9 bytes from 3 back, then the literal "!"
  expect(unpack(framed(0x35, ...Buffer.from('abc'), 3, 0, 0x10, 0x21))).toBe('abcabcabcabc!')
})

test('a run of one byte and a long match are what they should be', () => {
  const run = framed(0x1f, 0x61, 1, 0, 100, 0x10, 0x21)
  expect(unpack(run)).toBe(`${'a'.repeat(1 + 4 + 15 + 100)}!`)
})

test('several blocks follow one another, and a zero length ends them', () => {
  const two = Buffer.concat([framed(0x10, 0x61), Buffer.from([2, 0, 0, 0, 0x10, 0x62, 0, 0, 0, 0, 9, 9])])

  expect(unpack(two)).toBe('ab')
})

test.each([
  ['a block that is cut off', Buffer.from([...MAGIC, 9, 0, 0, 0, 0x10])],
  ['literals that are not there', framed(0x50, 1, 2)],
  ['a distance before the beginning', framed(0x14, 0x61, 9, 0, 0x10, 0x21)],
  ['a distance of nothing', framed(0x14, 0x61, 0, 0, 0x10, 0x21)],
  ['a length without its end', framed(0xf0, 255, 255)],
])('%s is an error', (_name, bytes) => {
  expect(() => [...unpackLz4(bytes)]).toThrow(/lz4 data/)
})
