import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Unpackers } from './kernel/unpack/unpack.ts'

/** Programs of this machine that unpack faster than we do. */
export const localUnpackers: Unpackers = {
  xz: (bytes) => {
    const program = findProgram('xz')
    return program === undefined ? undefined : unpackWith(program, bytes)
  },
}

function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // not there, or not for us
  }
}

/** @throws Error when the program finds the data damaged */
async function* unpackWith(program: string, bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const { spawn } = await import('node:child_process')
  const child = spawn(program, ['-dc', '--single-stream', '--memlimit-decompress=192MiB'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = new Promise<string | undefined>((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (text: Buffer) => {
      said = (said + text.toString('utf8')).slice(0, 500)
    })
    child.once('error', reject)
    child.once('close', (code) =>
      resolve(code === 0 ? undefined : said.trim() || `${program} exits with ${code}`),
    )
  })
  // Awaited below, unless we stop it early: then it has nothing to tell.
  ended.catch(() => undefined)
  // It ends before it has read all when the data is damaged, or when we have seen enough.
  child.stdin.on('error', () => undefined)
  child.stdin.end(bytes)
  try {
    yield* child.stdout
    const problem = await ended
    if (problem !== undefined) throw new Error(problem)
  } finally {
    child.kill()
  }
}
