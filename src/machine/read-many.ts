import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import type { FileState } from './machine.ts'

const PART = 200 // files between two turns of the event loop: some milliseconds
const SMALL = 16_384 // bytes: more than a config has

/**
 * Reads many small local files without the event loop, which costs several times as much as the reading.
 *
 * `decode` turns bytes into text; both callbacks get the path as the caller knows it.
 */
export async function readManyLocal(
  paths: readonly string[],
  at: (path: string) => string,
  decode: (path: string, bytes: Uint8Array) => string,
  fault: (path: string, cause: unknown) => Error,
): Promise<Map<string, FileState | undefined>> {
  const found = new Map<string, FileState | undefined>()
  const buffer = Buffer.allocUnsafe(SMALL)
  for (const [index, path] of paths.entries()) {
    if (index % PART === PART - 1) await new Promise(setImmediate)
    try {
      found.set(
        path,
        readFile(at(path), buffer, (bytes) => decode(path, bytes)),
      )
    } catch (cause) {
      throw fault(path, cause)
    }
  }
  return found
}

function readFile(
  file: string,
  buffer: Uint8Array,
  decode: (bytes: Uint8Array) => string,
): FileState | undefined {
  const handle = openIfThere(file)
  if (handle === undefined) return undefined
  try {
    const { mode, uid, gid, size } = fstatSync(handle)
    // readFileSync asks for the size again, and for new memory. What has none, as in /proc, may come in parts.
    const length = size > 0 && size < SMALL ? readSync(handle, buffer, 0, SMALL, 0) : SMALL
    const bytes = length < SMALL ? buffer.subarray(0, length) : readFileSync(handle)
    return { content: decode(bytes), mode: mode & 0o7777, uid, gid }
  } finally {
    closeSync(handle)
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
