import type { Stats } from 'node:fs'
import { lstat, open, readFile, realpath, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DomusError } from '../errors.ts'
import { commandResult, DEFAULT_TIMEOUT_MS, followCommand, spawnCommand, startCommand } from './command.ts'
import { decodeText, type FileAction, fileFault } from './file-fault.ts'
import { ignoreMissing, replaceFile, syncFolder } from './local-file.ts'
import { takeLock } from './lock.ts'
import type { FileState, Machine, PathState } from './machine.ts'
import { readManyLocal } from './read-many.ts'

const ADDRESS = 'local'
const PERMISSIONS = 0o7777

/** This machine. `root` prefixes every path of files and locks, for tests; `env` is added for every command. */
export function localMachine(
  options: { root?: string; env?: Readonly<Record<string, string>> } = {},
): Machine {
  const at = (path: string) => (options.root ?? '') + path
  const machine: Machine = {
    address: ADDRESS,
    async run(argv, { input, timeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
      const ending = await spawnCommand(argv, { input, timeoutMs, env: options.env })
      return commandResult(ADDRESS, argv, timeoutMs, ending)
    },
    follow: (argv) => followCommand(ADDRESS, argv, startCommand(argv, options.env)),
    readFile: (path) => attempt('read', path, () => readState(path, at(path))),
    readFiles: (paths) =>
      readManyLocal(
        paths,
        at,
        (path, bytes) => decodeText(ADDRESS, path, bytes),
        (path, cause) => (cause instanceof DomusError ? cause : fileFault(ADDRESS, 'read', path, cause)),
      ),
    readBytes: (path) => attempt('read', path, () => readFile(at(path)).catch(ignoreMissing)),
    writeFile: (path, file) => attempt('write', path, () => replaceFile(at(path), file)),
    removeFile: (path) => attempt('remove', path, () => removeFile(at(path))),
    stat: (path) => attempt('look at', path, () => statPath(at(path), options.root)),
    lock: (path, lock) =>
      takeLock(
        {
          address: ADDRESS,
          start: (argv) => startCommand(argv, options.env),
          readHolder: async (file) => (await readFile(file, 'utf8').catch(ignoreMissing)) ?? '',
        },
        at(path),
        lock,
      ),
    async close() {},
  }
  return machine
}

async function attempt<T>(action: FileAction, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw cause instanceof DomusError ? cause : fileFault(ADDRESS, action, path, cause)
  }
}

async function readState(path: string, file: string): Promise<FileState | undefined> {
  const handle = await open(file, 'r').catch(ignoreMissing)
  if (handle === undefined) return undefined
  try {
    const { mode, uid, gid } = await handle.stat()
    const content = decodeText(ADDRESS, path, await handle.readFile())
    return { content, mode: mode & PERMISSIONS, uid, gid }
  } finally {
    await handle.close()
  }
}

async function removeFile(file: string): Promise<void> {
  const removed = await unlink(file).then(() => true, ignoreMissing)
  if (removed) await syncFolder(dirname(file))
}

async function statPath(file: string, root = ''): Promise<PathState | undefined> {
  const entry = await lstat(file).catch(ignoreMissing)
  if (entry === undefined) return undefined
  const { mode, uid, gid, dev } = entry
  const real = await realpath(file).catch(ignoreMissing) // a link that leads nowhere is its own path
  const below =
    real === undefined ? file.slice(root.length) : real.slice(root === '' ? 0 : (await realpath(root)).length)
  return {
    type: typeOf(entry),
    realpath: below || '/',
    mode: mode & PERMISSIONS,
    uid,
    gid,
    device: String(dev),
  }
}

function typeOf(entry: Stats): PathState['type'] {
  if (entry.isSymbolicLink()) return 'link'
  if (entry.isDirectory()) return 'directory'
  return entry.isFile() ? 'file' : 'other'
}
