/** A cpio archive in the newc format: a name alone makes an empty file. */
export function cpio(files: Readonly<Record<string, string>> | readonly string[]): Buffer {
  const entries = Array.isArray(files) ? files.map((name) => [name, ''] as const) : Object.entries(files)
  const parts = [...entries, ['TRAILER!!!', ''] as const].map(([name, content], index) =>
    entry(name, content, index),
  )
  const archive = Buffer.concat(parts)
  return Buffer.concat([archive, Buffer.alloc(-archive.length & 511)])
}

function entry(name: string, content: string, index: number): Buffer {
  const fields = [
    index,
    0o100644,
    0,
    0,
    1,
    0,
    Buffer.byteLength(content),
    0,
    0,
    0,
    0,
    Buffer.byteLength(name) + 1,
    0,
  ]
  const head = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}${name}\0`
  return Buffer.concat([padded(Buffer.from(head)), padded(Buffer.from(content))])
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}
