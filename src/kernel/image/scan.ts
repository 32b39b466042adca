import { ELF_HEAD_BYTES, type ElfHead, readElf, readNotes } from './elf.ts'

/** What a pass over an uncompressed kernel found. */
export interface Scan {
  readonly elf: ElfHead
  /** Types of Xen's notes. */
  readonly notes: ReadonlySet<number>
  /** The compressed configuration (IKCONFIG); undefined when there is none. */
  readonly config: Uint8Array | undefined
  /** Those of the wanted texts that are in the kernel. */
  readonly texts: ReadonlySet<string>
  /** `Linux version …`, when it was asked for. */
  readonly banner: string | undefined
}

export interface ScanOptions {
  readonly texts?: readonly string[]
  readonly banner?: boolean
}

/**
 * Looks through an uncompressed kernel part by part, and stops as soon as all is found.
 *
 * @returns undefined when it is no ELF file
 */
export async function scanKernel(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ScanOptions = {},
): Promise<Scan | undefined> {
  const head = new Capture(0, ELF_HEAD_BYTES)
  const notes: Capture[] = []
  const config = new Finder(CONFIG_START, CONFIG_END, MAX_CONFIG)
  const banner = new Finder('Linux version ', '\n', MAX_BANNER)
  const texts = new Map((options.texts ?? []).map((text) => [text, new Finder(text, '', 0)]))
  let elf: ElfHead | undefined
  let position = 0
  for await (const part of joinFirst(parts)) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.length)
    if (elf === undefined) {
      elf = readElf(bytes.subarray(0, ELF_HEAD_BYTES))
      if (elf === undefined) return undefined
      for (const { start, end } of elf.notes.slice(0, MAX_NOTE_SEGMENTS)) notes.push(new Capture(start, end))
    }
    head.take(bytes, position)
    for (const note of notes) note.take(bytes, position)
    config.take(bytes)
    if (options.banner) banner.take(bytes)
    for (const finder of texts.values()) finder.take(bytes)
    position += bytes.length
    const isOver = notes.every((note) => note.isComplete) && config.found !== undefined
    if (isOver && texts.size === 0 && (!options.banner || banner.found !== undefined)) break
  }
  if (elf === undefined) return undefined
  return {
    elf,
    notes: new Set(notes.flatMap((note) => [...readNotes(note.bytes, 'Xen')])),
    config: config.found,
    texts: new Set([...texts].filter(([, finder]) => finder.found !== undefined).map(([text]) => text)),
    banner: banner.found?.toString('latin1'),
  }
}

const CONFIG_START = 'IKCFG_ST\x1f\x8b\x08'
const CONFIG_END = 'IKCFG_ED'
const MAX_CONFIG = 1 << 20 // bytes, compressed; a distribution's has 60 kB
const MAX_BANNER = 512
const MAX_NOTE_SEGMENTS = 16

// The first part must hold the whole head of the ELF file.
async function* joinFirst(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let first: Uint8Array | undefined = new Uint8Array(0)
  for await (const part of parts) {
    if (first === undefined) {
      yield part
      continue
    }
    first = first.length === 0 ? part : Buffer.concat([first, part])
    if (first.length < ELF_HEAD_BYTES) continue
    yield first
    first = undefined
  }
  if (first !== undefined && first.length > 0) yield first
}

/** Keeps one range of a stream. */
class Capture {
  private readonly start: number
  private readonly end: number
  private readonly kept: Uint8Array[] = []
  isComplete = false

  constructor(start: number, end: number) {
    this.start = start
    this.end = end
  }

  take(part: Uint8Array, position: number) {
    const from = Math.max(this.start - position, 0)
    const to = Math.min(this.end - position, part.length)
    if (from < to) this.kept.push(part.slice(from, to))
    this.isComplete ||= position + part.length >= this.end
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.kept)
  }
}

/** Finds the first text in a stream that begins with one mark and ends before another. */
class Finder {
  private readonly start: string
  private readonly end: string
  private readonly most: number
  /** What may belong to a mark that the next part completes, or to the text itself. */
  private rest: Buffer = Buffer.alloc(0)
  private isInside = false
  found: Buffer | undefined

  constructor(start: string, end: string, most: number) {
    this.start = start
    this.end = end
    this.most = most
  }

  take(part: Buffer) {
    if (this.found !== undefined) return
    if (!this.isInside) this.seek(part)
    else this.grow(part)
  }

  private seek(part: Buffer) {
    const seam = Buffer.concat([this.rest, part.subarray(0, this.start.length - 1)])
    const inSeam = seam.indexOf(this.start, 0, 'latin1')
    const inPart = inSeam === -1 ? part.indexOf(this.start, 0, 'latin1') : -1
    if (inSeam === -1 && inPart === -1) {
      const joined = part.length >= this.start.length ? part : Buffer.concat([this.rest, part])
      this.rest = Buffer.from(joined.subarray(-(this.start.length - 1)))
      return
    }
    this.isInside = true
    const at = inSeam === -1 ? inPart : inSeam - this.rest.length
    this.rest = Buffer.from(this.start.slice(MARK_BYTES[this.start] ?? this.start.length), 'latin1')
    this.grow(part.subarray(at + this.start.length))
  }

  private grow(part: Buffer) {
    const text = Buffer.concat([this.rest, part.subarray(0, this.most + this.end.length)])
    const end = text.indexOf(this.end, 0, 'latin1')
    if (end !== -1) this.found = text.subarray(0, end)
    else if (text.length > this.most) {
      this.isInside = false
      this.rest = Buffer.alloc(0)
    } else this.rest = text
  }
}

// How much of a mark is not part of what it marks; all of it unless said otherwise.
const MARK_BYTES: Readonly<Record<string, number>> = { [CONFIG_START]: 8 }
