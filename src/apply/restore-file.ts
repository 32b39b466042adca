import { dirname } from 'node:path/posix'
import { DomusError } from '../errors.ts'
import type { FileState, Machine } from '../machine/machine.ts'
import type { Argv, FileFact } from '../plan/plan.ts'
import { runOrThrow } from './run-or-throw.ts'

/** A file as it was, and the folders that were not there, deepest first. */
export interface SavedFile {
  readonly file?: FileState
  readonly missingFolders: readonly string[]
}

interface FileStep {
  readonly on: string
  readonly path: string
  readonly before: FileFact
  readonly reload?: readonly Argv[]
}

/** Looks at a file before it is changed. @throws DomusError 'stale-plan' when it is not what the planner saw */
export async function saveFile(machine: Machine, step: FileStep): Promise<SavedFile> {
  const file = await machine.readFile(step.path)
  const fault = staleness(step.before, file)
  if (fault !== undefined) {
    throw new DomusError('stale-plan', `${step.path} on ${step.on} ${fault}: plan again`)
  }
  if (file !== undefined) return { file, missingFolders: [] }
  return { missingFolders: await missingFolders(machine, dirname(step.path)) }
}

function staleness(before: FileFact, now: FileState | undefined): string | undefined {
  if (before.kind === 'unknown') return `was not known when this was planned (${before.reason})`
  if (before.kind === 'absent') return now === undefined ? undefined : 'was made since this was planned'
  if (now === undefined) return 'was removed since this was planned'
  const isSame = now.content === before.content && now.mode === before.mode
  return isSame ? undefined : 'was changed since this was planned'
}

/** The folders of a path that are not there, deepest first. */
export async function missingFolders(machine: Machine, folder: string): Promise<string[]> {
  if ((await machine.stat(folder)) !== undefined) return []
  return [folder, ...(await missingFolders(machine, dirname(folder)))]
}

/**
 * Puts a file back as it was, tells its readers, and removes the folders that were made for it.
 *
 * @param ours the content the step gave it; undefined when it removed it
 * @throws DomusError 'conflict' when it is neither as before nor ours
 */
export async function restoreFile(
  machine: Machine,
  step: FileStep,
  { file, missingFolders: folders }: SavedFile,
  ours: string | undefined,
): Promise<void> {
  const now = await machine.readFile(step.path)
  if (now !== undefined && now.content !== ours && now.content !== file?.content) {
    const message = `${step.path} on ${step.on} was changed by somebody else meanwhile; it was left as it is`
    throw new DomusError('conflict', message)
  }
  if (file === undefined) {
    // On a read-only file system not even what is not there can be removed.
    if (now !== undefined) await machine.removeFile(step.path)
  } else if (!isSameFile(now, file)) await machine.writeFile(step.path, file)
  await reload(machine, step)
  // One that is not empty stays: others use it by now.
  for (const folder of folders) await machine.run(['rmdir', folder])
}

const isSameFile = (one: FileState | undefined, other: FileState) =>
  one?.content === other.content && one.mode === other.mode && one.uid === other.uid && one.gid === other.gid

/** Tells the readers of a file. @throws DomusError 'command-failed' */
export async function reload(machine: Machine, { reload: commands = [] }: FileStep): Promise<void> {
  for (const argv of commands) await runOrThrow(machine, argv)
}
