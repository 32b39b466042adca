import fc from 'fast-check'

const isHalf = (point: number) => point >= 0xd800 && point <= 0xdfff

const codePoint = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0, max: 0x10ffff }).filter((point) => !isHalf(point)),
  )
  .map((point) => String.fromCodePoint(point))

/** Text of any kind, half of it ASCII. fast-check's own unit `binary` takes over a second to be made. */
export const anyText = fc.string({ unit: codePoint })
