/**
 * Undoes the x86 branch filter that the kernel's xz uses: targets of CALL and JMP were made absolute, so that
 * they compress better (xz-embedded, xz_dec_bcj.c).
 *
 * @returns a function that filters the stream part by part; the last call gives out the rest
 */
export function bcjX86(): (part: Uint8Array, isLast: boolean) => Uint8Array {
  let position = 0 // of the first byte of `rest` in the stream
  let mask = 0
  let rest = new Uint8Array(0)
  return (part, isLast) => {
    const bytes = new Uint8Array(rest.length + part.length)
    bytes.set(rest)
    bytes.set(part, rest.length)
    const done = filter(bytes)
    position += done
    rest = isLast ? new Uint8Array(0) : bytes.slice(done)
    return isLast ? bytes : bytes.subarray(0, done)
  }

  // Returns how many bytes are final: a branch needs the four bytes behind it.
  function filter(bytes: Uint8Array): number {
    if (bytes.length <= 4) return 0
    const view = new DataView(bytes.buffer)
    const end = bytes.length - 4
    let previous = -1
    let at = 0
    for (; at < end; at++) {
      if (((bytes[at] as number) & 0xfe) !== 0xe8) continue
      const gap = at - previous
      previous = at
      mask = gap > 3 ? 0 : (mask << (gap - 1)) & 7
      if (mask !== 0 && isBlocked(bytes, at)) {
        mask = (mask << 1) | 1
        continue
      }
      if (!isFill(bytes[at + 4] as number)) {
        mask = (mask << 1) | 1
        continue
      }
      view.setUint32(at + 1, relative(view.getUint32(at + 1, true), position + at + 5), true)
      at += 4
    }
    const gap = at - previous
    mask = gap > 3 ? 0 : mask << (gap - 1)
    return at
  }

  function isBlocked(bytes: Uint8Array, at: number): boolean {
    return !ALLOWED[mask] || isFill(bytes[at + 4 - (BIT_NUMBER[mask] as number)] as number)
  }

  function relative(absolute: number, next: number): number {
    let source = absolute
    let target = (source - next) >>> 0
    while (mask !== 0) {
      const shift = (BIT_NUMBER[mask] as number) * 8
      if (!isFill((target >>> (24 - shift)) & 0xff)) break
      source = (target ^ (2 ** (32 - shift) - 1)) >>> 0
      target = (source - next) >>> 0
    }
    const low = target & 0x01ffffff
    return (low | -(low & 0x01000000)) >>> 0
  }
}

const ALLOWED = [true, true, true, false, true, false, false, false]
const BIT_NUMBER = [0, 1, 2, 2, 3, 3, 3, 3]

function isFill(byte: number): boolean {
  return byte === 0 || byte === 0xff
}
