import { open } from 'node:fs/promises'
import { DomusError } from './errors.ts'
import type { KernelFiles } from './kernel/acquire.ts'

const MAX_BYTES = 128 << 20 // kernels have 4 to 80 MiB, initramfs files up to 100

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
    const { size, ...kind } = await file.stat().then((stat) => ({ size: stat.size, isFile: stat.isFile() }))
    if (!kind.isFile) throw new DomusError('invalid-input', `${path} is not a regular file`)
    if (size > MAX_BYTES) throw tooLarge(path)
    return await readStream(file.createReadStream({ autoClose: false, highWaterMark: 4 << 20 }), path)
  } finally {
    await file.close()
  }
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
      if (length > MAX_BYTES) throw tooLarge(name)
      parts.push(part)
    }
  } catch (cause) {
    if (cause instanceof DomusError) throw cause
    throw new DomusError('invalid-input', `cannot read ${name}`, { cause })
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}

function tooLarge(name: string): DomusError {
  return new DomusError(
    'invalid-input',
    `${name} is larger than ${MAX_BYTES >> 20} MiB: for a vmlinux with debug information give its .config instead`,
  )
}
