/**
 * The decoder of LZMA chunks as LZMA2 uses them (LZMA specification; xz-embedded, xz_dec_lzma2.c). Names of the
 * fields are those of the specification.
 *
 * Memory: one and a half times the dictionary, at least 4 MiB more. The tight loops keep the range coder in local variables: it is twice as fast.
 */
export class LzmaDecoder {
  private readonly input: Uint8Array
  private readonly dictionaryBytes: number
  /** The dictionary and what comes after it; moved down when it is full. */
  private readonly out: Uint8Array
  private position = 0
  /** Bytes since the dictionary was reset. */
  private total = 0
  private readonly probs = new Uint16Array(PROBABILITIES)
  private lc = 0
  private lpMask = 0
  private pbMask = 0
  private state = 0
  private rep0 = 0
  private rep1 = 0
  private rep2 = 0
  private rep3 = 0
  private range = 0
  private code = 0
  private at = 0

  constructor(input: Uint8Array, dictionaryBytes: number) {
    this.input = input
    this.dictionaryBytes = dictionaryBytes
    this.out = new Uint8Array(dictionaryBytes + Math.max(LEAST_SLACK, dictionaryBytes >> 1))
  }

  resetDictionary() {
    this.total = 0
  }

  /** `byte` packs lc, lp and pb. */
  setProperties(byte: number) {
    const lc = byte % 9
    const lp = Math.floor(byte / 9) % 5
    if (byte >= 225 || lc + lp > MOST_LITERAL_BITS) damaged()
    this.lc = lc
    this.lpMask = (1 << lp) - 1
    this.pbMask = (1 << Math.floor(byte / 45)) - 1
    this.resetState()
  }

  resetState() {
    this.state = this.rep0 = this.rep1 = this.rep2 = this.rep3 = 0
    this.probs.fill(1024)
  }

  /** Takes over `length` bytes that are not compressed. */
  copy(start: number, length: number): Uint8Array {
    if (start + length > this.input.length) damaged()
    this.makeRoom()
    this.out.set(this.input.subarray(start, start + length), this.position)
    return this.finish(length)
  }

  /** Unpacks one chunk of `packed` bytes to `length` bytes, at most 2 MiB. @throws Error for damaged data */
  decode(start: number, packed: number, length: number): Uint8Array {
    if (packed < 5 || start + packed > this.input.length || this.input[start] !== 0) damaged()
    this.makeRoom()
    this.range = 0xffffffff
    this.code = new DataView(this.input.buffer, this.input.byteOffset + start + 1, 4).getUint32(0)
    this.at = start + 5
    this.unpack(length)
    if (this.at > start + packed) damaged()
    return this.finish(length)
  }

  private makeRoom() {
    if (this.position + CHUNK_BYTES <= this.out.length) return
    const kept = Math.min(this.position, this.dictionaryBytes)
    this.out.copyWithin(0, this.position - kept, this.position)
    this.position = kept
  }

  private finish(length: number): Uint8Array {
    const part = this.out.slice(this.position, this.position + length)
    this.position += length
    this.total += length
    return part
  }

  private unpack(length: number) {
    const { out, position, total } = this
    const end = position + length
    let to = position
    while (to < end) {
      const count = total + (to - position)
      const posState = count & this.pbMask
      if (this.bit(IS_MATCH + (this.state << 4) + posState) === 0) {
        out[to] = this.literal(to, count)
        to++
        continue
      }
      const run = this.bit(IS_REP + this.state) === 0 ? this.match(posState) : this.repeat(posState)
      if (this.rep0 >= count || this.rep0 >= this.dictionaryBytes || run > end - to) damaged()
      if (this.rep0 === 0) out.fill(out[to - 1] as number, to, to + run)
      else
        for (let index = to, from = to - this.rep0 - 1; index < to + run; )
          out[index++] = out[from++] as number
      to += run
    }
  }

  private literal(to: number, count: number): number {
    const before = count > 0 ? (this.out[to - 1] as number) : 0
    const context = ((count & this.lpMask) << this.lc) + (before >> (8 - this.lc))
    const base = LITERAL + 0x300 * context
    const { state } = this
    this.state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6
    if (state < 7) return this.tree(base, 8)
    if (this.rep0 >= count) damaged()
    return this.matchedLiteral(base, this.out[to - this.rep0 - 1] as number)
  }

  private match(posState: number): number {
    this.rep3 = this.rep2
    this.rep2 = this.rep1
    this.rep1 = this.rep0
    const length = this.length(MATCH_LENGTH, posState)
    this.state = this.state < 7 ? 7 : 10
    const slot = this.tree(SLOT + (Math.min(length - 2, 3) << 6), 6)
    if (slot < 4) {
      this.rep0 = slot
      return length
    }
    const bits = (slot >> 1) - 1
    const high = 2 | (slot & 1)
    if (slot < 14) {
      const base = high << bits
      this.rep0 = base + this.reverseTree(SPECIAL + base - slot - 1, bits)
    } else {
      const middle = this.direct(bits - 4)
      this.rep0 = high * 2 ** bits + middle * 16 + this.reverseTree(ALIGN, 4)
    }
    return length
  }

  private repeat(posState: number): number {
    const { state } = this
    if (this.bit(IS_REP_G0 + state) === 0) {
      if (this.bit(IS_REP0_LONG + (state << 4) + posState) === 0) {
        this.state = state < 7 ? 9 : 11
        return 1
      }
    } else {
      this.rotate(state)
    }
    this.state = state < 7 ? 8 : 11
    return this.length(REP_LENGTH, posState)
  }

  private rotate(state: number) {
    let distance: number
    if (this.bit(IS_REP_G1 + state) === 0) distance = this.rep1
    else {
      if (this.bit(IS_REP_G2 + state) === 0) distance = this.rep2
      else {
        distance = this.rep3
        this.rep3 = this.rep2
      }
      this.rep2 = this.rep1
    }
    this.rep1 = this.rep0
    this.rep0 = distance
  }

  private length(coder: number, posState: number): number {
    if (this.bit(coder) === 0) return 2 + this.tree(coder + 2 + (posState << 3), 3)
    if (this.bit(coder + 1) === 0) return 10 + this.tree(coder + 2 + 128 + (posState << 3), 3)
    return 18 + this.tree(coder + 2 + 256, 8)
  }

  private bit(index: number): number {
    if (this.range < TOP) this.normalize()
    const prob = this.probs[index] as number
    const bound = (this.range >>> 11) * prob
    if (this.code < bound) {
      this.range = bound
      this.probs[index] = prob + ((2048 - prob) >> 5)
      return 0
    }
    this.range -= bound
    this.code -= bound
    this.probs[index] = prob - (prob >> 5)
    return 1
  }

  private normalize() {
    this.range = (this.range << 8) >>> 0
    this.code = ((this.code << 8) | (this.input[this.at++] ?? damaged())) >>> 0
  }

  // Reads `bits` bits, the highest first, each with a probability of its own; returns them as a number.
  private tree(base: number, bits: number): number {
    const { probs, input } = this
    let { range, code, at } = this
    const limit = 1 << bits
    let symbol = 1
    while (symbol < limit) {
      if (range < TOP) {
        range = (range << 8) >>> 0
        code = ((code << 8) | (input[at++] as number)) >>> 0
      }
      const index = base + symbol
      const prob = probs[index] as number
      const bound = (range >>> 11) * prob
      if (code < bound) {
        range = bound
        probs[index] = prob + ((2048 - prob) >> 5)
        symbol <<= 1
      } else {
        range -= bound
        code -= bound
        probs[index] = prob - (prob >> 5)
        symbol = (symbol << 1) | 1
      }
    }
    this.range = range
    this.code = code
    this.at = at
    return symbol - limit
  }

  private reverseTree(base: number, bits: number): number {
    let symbol = 1
    let value = 0
    for (let bit = 0; bit < bits; bit++) {
      const is = this.bit(base + symbol)
      symbol = (symbol << 1) | is
      value |= is << bit
    }
    return value
  }

  private matchedLiteral(base: number, match: number): number {
    let offset = 0x100
    let shifted = match
    let symbol = 1
    while (symbol < 0x100) {
      shifted <<= 1
      const matchBit = shifted & offset
      const is = this.bit(base + offset + matchBit + symbol)
      symbol = (symbol << 1) | is
      offset = is === 1 ? offset & matchBit : offset & ~matchBit
    }
    return symbol & 0xff
  }

  private direct(bits: number): number {
    let value = 0
    for (let bit = 0; bit < bits; bit++) {
      if (this.range < TOP) this.normalize()
      this.range >>>= 1
      const is = this.code >= this.range ? 1 : 0
      if (is === 1) this.code -= this.range
      value = value * 2 + is
    }
    return value
  }
}

const LEAST_SLACK = 4 << 20
const CHUNK_BYTES = 2 << 20
const TOP = 1 << 24

const STATES = 12
const IS_MATCH = 0
const IS_REP = IS_MATCH + (STATES << 4)
const IS_REP_G0 = IS_REP + STATES
const IS_REP_G1 = IS_REP_G0 + STATES
const IS_REP_G2 = IS_REP_G1 + STATES
const IS_REP0_LONG = IS_REP_G2 + STATES
const SLOT = IS_REP0_LONG + (STATES << 4)
const SPECIAL = SLOT + 4 * 64
const ALIGN = SPECIAL + 115
const MATCH_LENGTH = ALIGN + 16
const LENGTH_CODER = 2 + 2 * 16 * 8 + 256
const REP_LENGTH = MATCH_LENGTH + LENGTH_CODER
const LITERAL = REP_LENGTH + LENGTH_CODER
const MOST_LITERAL_BITS = 4 // lc + lp, by the definition of LZMA2
const PROBABILITIES = LITERAL + (0x300 << MOST_LITERAL_BITS)

export function damaged(): never {
  throw new Error('the xz data is damaged or cut off')
}
