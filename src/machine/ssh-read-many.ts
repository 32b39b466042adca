import type { FileState } from './machine.ts'

/** Files that one script reads; with the forks of a small shell some milliseconds each. */
const CHUNK = 250

export interface ReadMany {
  /** Runs READ_MANY with these paths, none of which holds the end of a line. */
  batch(paths: readonly string[]): Promise<Uint8Array>
  /** Reads one file. @throws DomusError saying what is wrong with it */
  single(path: string): Promise<FileState | undefined>
  decode(path: string, bytes: Uint8Array): string
}

/** Reads many files with a few scripts instead of one each. */
export async function readManyRemote(
  paths: readonly string[],
  { batch, single, decode }: ReadMany,
): Promise<Map<string, FileState | undefined>> {
  const found = new Map<string, FileState | undefined>()
  const plain = paths.filter((path) => !path.includes('\n'))
  const chunks = Array.from({ length: Math.ceil(plain.length / CHUNK) }, (_, index) =>
    plain.slice(index * CHUNK, (index + 1) * CHUNK),
  )
  await Promise.all(
    chunks.map(async (chunk) => {
      for (const [path, answer] of parseAnswers(chunk, await batch(chunk))) {
        if (answer.kind === 'absent') found.set(path, undefined)
        if (answer.kind !== 'file') continue
        const { bytes, mode, uid, gid } = answer
        found.set(path, { content: decode(path, bytes), mode, uid, gid })
      }
    }),
  )
  for (const path of paths) if (!found.has(path)) found.set(path, await single(path))
  return found
}

type Answer =
  | { readonly kind: 'absent' }
  | { readonly kind: 'odd' }
  | {
      readonly kind: 'file'
      readonly bytes: Uint8Array
      readonly mode: number
      readonly uid: number
      readonly gid: number
    }

const END = 10 // of a line

// A file that changes while it is read can put the rest out of step: what is not understood is read alone.
function parseAnswers(paths: readonly string[], output: Uint8Array): Map<string, Answer> {
  const answers = new Map<string, Answer>()
  let at = 0
  for (const path of paths) {
    const end = output.indexOf(END, at)
    const line = new TextDecoder().decode(output.subarray(at, end))
    at = end + 1
    if (line === 'absent' || line === 'odd') {
      answers.set(path, { kind: line })
      continue
    }
    const [, mode = '', uid, gid, size] = /^([0-7]+) (\d+) (\d+) (\d+)$/.exec(line) ?? []
    if (end < 0 || size === undefined || output[at + Number(size)] !== END) break
    const bytes = output.subarray(at, at + Number(size))
    answers.set(path, {
      kind: 'file',
      bytes,
      mode: Number.parseInt(mode, 8),
      uid: Number(uid),
      gid: Number(gid),
    })
    at += Number(size) + 1
  }
  return answers
}
