import { ascii, isElf } from './detect.ts'

/** The head of an ELF file, as far as it matters for a kernel. */
export interface ElfHead {
  readonly arch: string
  /** False for objects and modules, which are no kernels. */
  readonly isProgram: boolean
  /** Where the notes lie in the file. */
  readonly notes: readonly { readonly start: number; readonly end: number }[]
}

/** How much of a file `readElf` must be given: the header and the table of segments after it. */
export const ELF_HEAD_BYTES = 8192

/**
 * Reads the head of an ELF file (elf(5)).
 *
 * @returns undefined when it is damaged, or laid out as no kernel is
 */
export function readElf(bytes: Uint8Array): ElfHead | undefined {
  if (bytes.length < 64 || !isElf(bytes) || bytes[5] !== LITTLE_ENDIAN) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const is64 = bytes[4] === 2
  const table = is64 ? Number(view.getBigUint64(32, true)) : view.getUint32(28, true)
  const size = view.getUint16(is64 ? 54 : 42, true)
  const count = view.getUint16(is64 ? 56 : 44, true)
  const isProgram = [EXEC, DYN].includes(view.getUint16(16, true))
  if (isProgram && (size < (is64 ? 56 : 32) || table + size * count > bytes.length)) return undefined
  const segments = isProgram ? Array.from({ length: count }, (_, index) => table + index * size) : []
  return {
    arch: MACHINES[view.getUint16(18, true)] ?? `machine ${view.getUint16(18, true)}`,
    isProgram,
    notes: segments
      .filter((at) => view.getUint32(at, true) === NOTE)
      .map((at) => {
        const start = is64 ? Number(view.getBigUint64(at + 8, true)) : view.getUint32(at + 4, true)
        const length = is64 ? Number(view.getBigUint64(at + 32, true)) : view.getUint32(at + 16, true)
        return { start, end: start + Math.min(length, MAX_NOTES) }
      }),
  }
}

/** Types of the notes of one owner; what does not fit together ends the list. */
export function readNotes(bytes: Uint8Array, owner: string): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const types: number[] = []
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameLength = view.getUint32(at, true)
    const length = view.getUint32(at + 4, true)
    if (ascii(bytes, at + 12, nameLength) === `${owner}\0`) types.push(view.getUint32(at + 8, true))
    at += 12 + align(nameLength) + align(length)
  }
  return types
}

const LITTLE_ENDIAN = 1
const EXEC = 2
const DYN = 3
const NOTE = 4
const MAX_NOTES = 64 << 10 // bytes; kernels have about 500
const MACHINES: Readonly<Record<number, string>> = {
  3: 'i386',
  40: 'arm',
  62: 'x86_64',
  183: 'arm64',
  243: 'riscv',
}

function align(length: number): number {
  return Math.ceil(length / 4) * 4
}
