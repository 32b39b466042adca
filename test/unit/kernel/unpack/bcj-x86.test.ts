import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bcjX86 } from '../../../../src/kernel/unpack/bcj-x86.ts'

const inParts = (parts: readonly Uint8Array[]) => {
  const filter = bcjX86()
  const done = parts.map((part) => Buffer.from(filter(part, false)))
  return Buffer.concat([...done, filter(new Uint8Array(0), true)])
}

test('a call to an absolute place becomes relative again', () => {
  // CALL at 2 to the absolute address 0x107: relative to the byte behind it, 7.
  const bytes = Uint8Array.from([0x90, 0x90, 0xe8, 0x07, 0x01, 0, 0, 0x90, 0x90, 0x90])

  expect([...inParts([bytes])]).toEqual([0x90, 0x90, 0xe8, 0x00, 0x01, 0, 0, 0x90, 0x90, 0x90])
})

test('the same comes out however the stream is cut', () => {
  const byte = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0xe8, 0xe9, 0, 0xff) }, fc.nat(255))
  const cutAt = fc.tuple(fc.array(byte, { maxLength: 60 }), fc.nat(60), fc.nat(60))
  fc.assert(
    fc.property(cutAt, ([bytes, one, two]) => {
      const whole = Uint8Array.from(bytes)
      const [first, second] = [Math.min(one, two), Math.max(one, two)]
      const cut = [whole.slice(0, first), whole.slice(first, second), whole.slice(second)]
      expect(inParts(cut).equals(inParts([whole]))).toBe(true)
    }),
  )
})
