/** How kernels and initramfs files are compressed, by the first bytes. */
const MAGIC = {
  gzip: [0x1f, 0x8b],
  xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
  lz4: [0x02, 0x21, 0x4c, 0x18],
  bzip2: [0x42, 0x5a, 0x68],
  lzma: [0x5d, 0x00, 0x00],
  lzo: [0x89, 0x4c, 0x5a, 0x4f],
} as const

export type Compression = keyof typeof MAGIC

/** Names the compression of what begins at `start`; undefined for anything else. */
export function compressionAt(bytes: Uint8Array, start = 0): Compression | undefined {
  const names = Object.keys(MAGIC) as Compression[] // the keys of our own literal
  return names.find((name) => MAGIC[name].every((byte, index) => bytes[start + index] === byte))
}
