import { gzipSync, zstdCompressSync } from 'node:zlib'

/** A kernel of a few kilobytes with everything in it that is looked for, and nothing that runs. */
export interface KernelParts {
  readonly release?: string
  readonly banner?: string
  /** Types of Xen's notes; those of a PV and PVH kernel when left out. */
  readonly notes?: readonly number[]
  /** Text of the embedded configuration. */
  readonly config?: string
  /** Texts of built-in code. */
  readonly texts?: readonly string[]
  readonly machine?: number
  /** Bytes of filling, before the interesting parts. */
  readonly filling?: number
}

const RELEASE = '6.1.192'

/** An ELF file like the vmlinux of x86-64. */
export function vmlinux(parts: KernelParts = {}): Buffer {
  const { release = RELEASE, notes = [6, 1, 18], config, texts = [], machine = 62, filling = 20_000 } = parts
  const noteBytes = Buffer.concat([note('GNU', 3, 20), ...notes.map((type) => note('Xen', type, 8))])
  const banner = parts.banner ?? `${release} (builder@site) #1 SMP Mon Jan 1 00:00:00 UTC 2024`
  const body = Buffer.concat([
    Buffer.alloc(filling, 'text of the kernel '),
    Buffer.from(`Linux version ${banner}\n\0`),
    ...texts.map((text) => Buffer.from(`${text}\0`)),
    ...(config === undefined ? [] : [Buffer.from('IKCFG_ST'), gzipSync(config), Buffer.from('IKCFG_ED')]),
  ])
  const start = 64 + 2 * 56
  const header = Buffer.alloc(start)
  header.write('\x7fELF\x02\x01\x01', 'latin1')
  header.writeUInt16LE(2, 16)
  header.writeUInt16LE(machine, 18)
  header.writeBigUInt64LE(64n, 32)
  header.writeUInt16LE(56, 54)
  header.writeUInt16LE(2, 56)
  segment(header, 64, 1, start, body.length)
  segment(header, 120, 4, start + body.length, noteBytes.length)
  return Buffer.concat([header, body, noteBytes])
}

function segment(header: Buffer, at: number, type: number, offset: number, length: number) {
  header.writeUInt32LE(type, at)
  header.writeBigUInt64LE(BigInt(offset), at + 8)
  header.writeBigUInt64LE(BigInt(length), at + 32)
}

function note(owner: string, type: number, length: number): Buffer {
  const name = Buffer.from(`${owner}\0`)
  const head = Buffer.alloc(12 + Math.ceil(name.length / 4) * 4 + length)
  head.writeUInt32LE(name.length, 0)
  head.writeUInt32LE(length, 4)
  head.writeUInt32LE(type, 8)
  name.copy(head, 12)
  return head
}

/** Wraps a compressed kernel as the kernel's build does; `size` is what it appends, the unpacked length. */
export function bzImage(
  payload: Buffer,
  options: { banner?: string; protocol?: number; is32?: boolean } = {},
): Buffer {
  const { banner = `${RELEASE} (builder@site) #1 SMP Mon Jan 1 00:00:00 UTC 2024`, protocol = 0x20f } =
    options
  const setup = Buffer.alloc(5 * 512)
  setup[0x1f1] = 4
  setup.write('HdrS', 0x202, 'latin1')
  setup.writeUInt16LE(protocol, 0x206)
  setup.writeUInt16LE(0x800 - 0x200, 0x20e)
  setup.write(`${banner}\0`, 0x800, 'latin1')
  setup.writeUInt16LE(options.is32 ? 0 : 1, 0x236)
  setup.writeUInt32LE(64, 0x248)
  setup.writeUInt32LE(payload.length, 0x24c)
  return Buffer.concat([setup, Buffer.alloc(64, 0x90), payload, Buffer.alloc(32)])
}

/** All ways a payload can be compressed that we read; each appends what the kernel's build appends. */
export const PAYLOADS: Readonly<Record<string, (kernel: Buffer) => Buffer>> = {
  gzip: (kernel) => gzipSync(kernel),
  zstd: (kernel) => Buffer.concat([zstdCompressSync(kernel), lengthOf(kernel)]),
  lz4: (kernel) => Buffer.concat([lz4Stored(kernel), lengthOf(kernel)]),
  none: (kernel) => Buffer.concat([kernel, lengthOf(kernel)]),
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return length
}

/** The legacy lz4 format with literals only, in blocks of 64 kB. */
export function lz4Stored(bytes: Buffer): Buffer {
  const blocks: Buffer[] = [Buffer.from([0x02, 0x21, 0x4c, 0x18])]
  for (let at = 0; at < bytes.length; at += 65536) {
    const literals = bytes.subarray(at, at + 65536)
    const more = literals.length - 15
    const lengths = more < 0 ? [] : [...Array.from({ length: Math.floor(more / 255) }, () => 255), more % 255]
    const block = Buffer.concat([Buffer.from([Math.min(literals.length, 15) << 4, ...lengths]), literals])
    blocks.push(lengthOf(block), block)
  }
  return Buffer.concat(blocks)
}
