import { type FileHandle, open } from 'node:fs/promises'
import { DomusError } from './errors.ts'
import { type KernelFiles, MAX_KERNEL_BYTES, tooLarge } from './kernel/acquire.ts'

const READ_BYTES = 16 << 20

/**
 * Reads files of this machine as a whole, `-` from standard input.
 *
 * @throws DomusError 'invalid-input' for what is no regular file, cannot be read or is larger than 128 MiB
 */
export const localKernelFiles: KernelFiles = {
  read: (path) => (path === '-' ? readStream(process.stdin, 'standard input') : readFile(path)),
}

async function readFile(path: string): Promise<Uint8Array | undefined> {
  // Non-blocking, so that a FIFO without a writer does not hold us; only regular files go further.
  const file = await openFile(path)
  if (file === undefined) return undefined
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw new DomusError('invalid-input', `${path} is not a regular file`)
    if (stat.size > MAX_KERNEL_BYTES) throw refused(path)
    // Files of /proc say that they are empty.
    if (stat.size === 0) return await readStream(file.createReadStream({ autoClose: false }), path)
    return await readWhole(file, stat.size, path)
  } finally {
    await file.close()
  }
}

// In one piece, since a large file in parts and as a whole would take twice its size.
async function readWhole(file: FileHandle, size: number, path: string): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(size)
  let length = 0
  try {
    while (length < size) {
      const { bytesRead } = await file.read(bytes, length, Math.min(size - length, READ_BYTES))
      if (bytesRead === 0) break
      length += bytesRead
    }
  } catch (cause) {
    throw new DomusError('invalid-input', `cannot read ${path}`, { cause })
  }
  return bytes.subarray(0, length)
}

async function openFile(path: string) {
  try {
    const { O_RDONLY, O_NONBLOCK } = (await import('node:fs')).constants
    return await open(path, O_RDONLY | O_NONBLOCK)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new DomusError('invalid-input', `cannot read ${path}`, { cause })
  }
}

async function readStream(stream: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of stream) {
      length += part.length
      if (length > MAX_KERNEL_BYTES) throw refused(name)
      parts.push(part)
    }
  } catch (cause) {
    if (cause instanceof DomusError) throw cause
    throw new DomusError('invalid-input', `cannot read ${name}`, { cause })
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}

const refused = (name: string) => new DomusError('invalid-input', tooLarge(name))
