import { randomBytes } from 'node:crypto'
import { type FileHandle, lstat, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { NewFile } from './machine.ts'

/**
 * Replaces a file as a whole: readers see the old one or the new one, and after a power cut it is one of them.
 *
 * A link is followed, so that it stays a link. Owner and group stay as they were unless they are given.
 */
export async function replaceFile(path: string, file: NewFile): Promise<void> {
  await makeFolders(dirname(path))
  const target = await resolveLink(path)
  const before = await stat(target).catch(ignoreMissing)
  if (before?.isDirectory()) throw Object.assign(new Error('Is a directory'), { code: 'EISDIR' })
  const draft = join(dirname(target), `.domus-${randomBytes(6).toString('hex')}.tmp`)
  const handle = await open(draft, 'wx', 0o600)
  try {
    await fill(handle, { uid: before?.uid, gid: before?.gid, ...file })
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  await syncFolder(dirname(target))
}

/** Makes a change in a folder last: a rename or removal is safe from a power cut only after this. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Turns the error of a missing file into undefined, and throws every other. */
export function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && MISSING.has(error.code)) return undefined
  throw error
}

const MISSING = new Set<unknown>(['ENOENT', 'ENOTDIR'])

// Node's own `recursive` never ends where a folder is there but cannot have another in it, such as /proc.
async function makeFolders(folder: string): Promise<void> {
  if ((await stat(folder).catch(ignoreMissing))?.isDirectory()) return
  if (folder !== dirname(folder)) await makeFolders(dirname(folder))
  await mkdir(folder).catch(async (error: unknown) => {
    const isThere = (await stat(folder).catch(ignoreMissing))?.isDirectory() // made by another meanwhile
    if (isThere !== true) throw error
  })
}

async function resolveLink(path: string): Promise<string> {
  const entry = await lstat(path).catch(ignoreMissing)
  return entry?.isSymbolicLink() ? await realpath(path) : path
}

async function fill(
  handle: FileHandle,
  file: Omit<NewFile, 'uid' | 'gid'> & { uid?: number | undefined; gid?: number | undefined },
): Promise<void> {
  try {
    await handle.writeFile(file.content)
    const own = await handle.stat()
    const { uid = own.uid, gid = own.gid } = file
    if (uid !== own.uid || gid !== own.gid) await handle.chown(uid, gid)
    await handle.chmod(file.mode) // after chown, which clears setuid and setgid
    await handle.sync()
  } finally {
    await handle.close()
  }
}
