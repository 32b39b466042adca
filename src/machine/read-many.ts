import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import type { FileState } from './machine.ts'

const PART = 200 // files between two turns of the event loop: some milliseconds

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
  for (const [index, path] of paths.entries()) {
    if (index % PART === PART - 1) await new Promise(setImmediate)
    try {
      found.set(
        path,
        readSync(at(path), (bytes) => decode(path, bytes)),
      )
    } catch (cause) {
      throw fault(path, cause)
    }
  }
  return found
}

function readSync(file: string, decode: (bytes: Uint8Array) => string): FileState | undefined {
  const handle = openIfThere(file)
  if (handle === undefined) return undefined
  try {
    const { mode, uid, gid } = fstatSync(handle)
    return { content: decode(readFileSync(handle)), mode: mode & 0o7777, uid, gid }
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
