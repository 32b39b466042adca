import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { say, timed } from '../progress.ts'
import { LabError, type LabSettings } from '../settings.ts'

/** Something the lab is built of, and kept in the cache under the hash of what it is made from. */
export interface Artefact {
  readonly name: string
  readonly title: string
  /** On a quiet machine with two cores; told to the person who waits. */
  readonly minutes: number
  /** Everything the result depends on. */
  readonly inputs: Readonly<Record<string, string>>
  /** Fills an empty folder; `run` logs the programs it starts. */
  readonly build: (folder: string, run: Run) => Promise<void>
}

/** Runs a program to its end with its output in the log. @throws LabError with the end of the log */
export type Run = (file: string, args: readonly string[], options?: RunOptions) => Promise<void>
export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

const KEPT = 2 // of each name: the one in use, and the one to go back to

export const keyOf = (artefact: Artefact): string =>
  `${artefact.name}-${createHash('sha256').update(JSON.stringify(artefact.inputs)).digest('hex').slice(0, 16)}`

export const folderOf = (lab: LabSettings, artefact: Artefact): string =>
  join(lab.cacheFolder, keyOf(artefact))

export async function isBuilt(lab: LabSettings, artefact: Artefact): Promise<boolean> {
  return (await stat(folderOf(lab, artefact)).catch(() => undefined)) !== undefined
}

/**
 * Gives the artefact's folder, built if it is not in the cache.
 *
 * A build goes to a folder of its own and is renamed when complete, so that an interrupted one is never used and
 * two builds at once do no harm.
 */
export async function ensureArtefact(lab: LabSettings, artefact: Artefact): Promise<string> {
  const folder = folderOf(lab, artefact)
  if (await isBuilt(lab, artefact)) {
    await utimes(folder, new Date(), new Date())
    return folder
  }
  say(`${artefact.title}: building, about ${artefact.minutes} min`)
  await timed(artefact.title, () => build(lab, artefact, folder))
  await forgetOld(lab, artefact)
  return folder
}

/** Removes what builds left that were killed. */
export async function forgetUnfinished(lab: LabSettings): Promise<void> {
  for (const name of await readdir(lab.cacheFolder)) {
    const pid = /\.part-(\d+)$/.exec(name)?.[1]
    const builds = pid !== undefined && (await stat(`/proc/${pid}`).catch(() => undefined)) !== undefined
    if (pid !== undefined && !builds) await rm(join(lab.cacheFolder, name), { recursive: true, force: true })
  }
}

async function build(lab: LabSettings, artefact: Artefact, folder: string): Promise<void> {
  const unfinished = `${folder}.part-${process.pid}`
  const log = join(lab.cacheFolder, `${artefact.name}.build.log`)
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  try {
    await rm(log, { force: true })
    await artefact.build(unfinished, loggedRun(artefact, log))
    await moveInto(unfinished, folder)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

async function moveInto(unfinished: string, folder: string): Promise<void> {
  try {
    await rename(unfinished, folder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
    // Another build of the same was faster: its result is as good as ours.
  }
}

function loggedRun(artefact: Artefact, log: string): Run {
  return async (file, args, options = {}) => {
    const output = { file: log, append: true } as const
    const result = await execa(file, args, {
      ...options,
      reject: false,
      stdin: 'ignore',
      stdout: output,
      stderr: output,
    })
    if (!result.failed) return
    const end = (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(-20).join('\n')
    throw new LabError(`${artefact.title}: ${result.shortMessage}\n${end}\nthe whole log: ${log}`)
  }
}

async function forgetOld(lab: LabSettings, artefact: Artefact): Promise<void> {
  const form = new RegExp(`^${artefact.name}-[0-9a-f]{16}$`)
  const names = (await readdir(lab.cacheFolder)).filter((name) => form.test(name))
  const aged = await Promise.all(
    names.map(async (name) => ({ name, usedMs: (await stat(join(lab.cacheFolder, name))).mtimeMs })),
  )
  const old = aged.sort((a, b) => b.usedMs - a.usedMs).slice(KEPT)
  await Promise.all(old.map(({ name }) => rm(join(lab.cacheFolder, name), { recursive: true, force: true })))
}
