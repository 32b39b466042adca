/** Says whether bytes begin as a kernel image, of whatever architecture. */
export function isImage(bytes: Uint8Array): boolean {
  return isBzImage(bytes) || isElf(bytes) || foreignArch(bytes) !== undefined
}

/** Says whether bytes begin as an x86 kernel that boot loaders know. */
export function isBzImage(bytes: Uint8Array): boolean {
  return bytes.length >= 0x264 && ascii(bytes, 0x202, 4) === 'HdrS'
}

export function isElf(bytes: Uint8Array): boolean {
  return ascii(bytes, 0, 4) === '\x7fELF'
}

/** Names the architecture of an image for another one, by what Xen and U-Boot know it by. */
export function foreignArch(bytes: Uint8Array): string | undefined {
  if (ascii(bytes, 56, 4) === 'ARM\x64') return 'arm64'
  if (ascii(bytes, 0, 2) === 'MZ' && ascii(bytes, 4, 4) === 'zimg') return 'arm64'
  if (ascii(bytes, 0x24, 4) === '\x18\x28\x6f\x01') return 'arm'
  if (ascii(bytes, 56, 4) === 'RSC\x05') return 'riscv'
  return undefined
}

/** Text of one byte a character; shorter where the bytes end. */
export function ascii(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', start, start + length)
}
