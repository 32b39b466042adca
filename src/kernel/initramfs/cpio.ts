/** One file of an archive. */
export interface CpioEntry {
  /** Without `./` or `/` before it. */
  readonly name: string
  readonly content: Buffer | undefined
}

/**
 * Walks through cpio archives in the newc format (Documentation/driver-api/early-userspace/buffer-format.rst),
 * one after another with NULs between them, given part by part.
 */
export class CpioWalker {
  private readonly keeps: (name: string) => boolean
  private readonly onEntry: (entry: CpioEntry) => void
  private rest: Buffer = Buffer.alloc(0)
  /** Bytes of file content still to be passed over. */
  private skip = 0
  private entries = 0
  private consumed = 0
  /** True after the end mark of an archive, until the next one begins. */
  isBetween = true
  /** How many archives were walked to their end. */
  archives = 0
  /** Set when something else than an archive follows: where it begins. */
  stoppedAt: number | undefined

  /** `keeps` chooses the files whose content is wanted; those larger than 4 MiB come without it. */
  constructor(keeps: (name: string) => boolean, onEntry: (entry: CpioEntry) => void) {
    this.keeps = keeps
    this.onEntry = onEntry
  }

  /** @throws Error for an archive that is damaged */
  take(part: Uint8Array) {
    if (this.stoppedAt !== undefined) return
    const from = Math.min(this.skip, part.length)
    this.skip -= from
    this.consumed += from
    if (from === part.length) return
    const own = Buffer.from(part.buffer, part.byteOffset + from, part.length - from)
    this.rest = this.rest.length === 0 ? own : Buffer.concat([this.rest, own])
    this.walk()
  }

  private walk() {
    let at = 0
    while (this.skip === 0) {
      const length = this.isBetween ? this.passPadding(at) : 0
      at += length
      const next = this.entryAt(at)
      if (next === undefined) break
      at = next
    }
    this.consumed += Math.min(at, this.rest.length)
    this.skip = Math.max(at - this.rest.length, this.skip)
    this.rest = Buffer.from(this.rest.subarray(at))
  }

  private passPadding(at: number): number {
    let end = at
    while (this.rest[end] === 0) end++
    return end - at
  }

  /** Handles the entry at `at` and returns where the next one begins; undefined when more bytes are needed. */
  private entryAt(at: number): number | undefined {
    const { rest } = this
    if (rest.length - at < MAGIC_BYTES) return undefined
    if (!isCpio(rest, at)) {
      if (!this.isBetween) throw new Error('the cpio archive is damaged')
      this.stoppedAt = this.consumed + at
      return undefined
    }
    if (rest.length - at < HEADER) return undefined
    this.isBetween = false
    if (++this.entries > MOST_ENTRIES)
      throw new Error(`the cpio archive has more than ${MOST_ENTRIES} entries`)
    const size = field(rest, at, 6)
    const nameLength = field(rest, at, 11)
    if (nameLength === 0 || nameLength > MAX_NAME)
      throw new Error('the cpio archive has a name of an impossible length')
    const data = at + align(HEADER + nameLength)
    if (rest.length < data) return undefined
    const name = rest.toString('utf8', at + HEADER, at + HEADER + nameLength - 1).replace(/^(?:\.?\/)+/, '')
    if (name === 'TRAILER!!!') return this.finishArchive(data)
    const isKept = size <= MAX_KEPT && this.keeps(name)
    if (isKept && rest.length < data + size) return undefined
    this.onEntry({ name, content: isKept ? Buffer.from(rest.subarray(data, data + size)) : undefined })
    const end = data + align(size)
    if (end > rest.length) this.skip = end - rest.length
    return end
  }

  private finishArchive(at: number): number {
    this.isBetween = true
    this.archives++
    return at
  }
}

/** Says whether an archive begins here. */
export function isCpio(bytes: Uint8Array, at = 0): boolean {
  return (
    MAGIC.every((byte, index) => bytes[at + index] === byte) &&
    (bytes[at + 5] === 0x31 || bytes[at + 5] === 0x32)
  )
}

const MAGIC = [0x30, 0x37, 0x30, 0x37, 0x30] // 07070, then 1, or 2 with checksums
const MAGIC_BYTES = 6
const HEADER = 110
const MAX_NAME = 4096 // PATH_MAX
const MOST_ENTRIES = 200_000
const MAX_KEPT = 4 << 20

function field(bytes: Buffer, at: number, index: number): number {
  const text = bytes.toString('latin1', at + 6 + index * 8, at + 14 + index * 8)
  if (!/^[0-9a-fA-F]{8}$/.test(text)) throw new Error('the cpio archive has a damaged header')
  return Number.parseInt(text, 16)
}

function align(length: number): number {
  return Math.ceil(length / 4) * 4
}
