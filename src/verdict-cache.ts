import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KernelVerdict } from './kernel/verdict.ts'
import type { VerdictCache } from './service/kernels.ts'

/** Keeps verdicts as files, so that the next command needs not read the same kernel again; losing them costs only time. */
export function fileVerdictCache(folder: string): VerdictCache {
  const fileOf = (key: string) => join(folder, `${key}.json`)
  return {
    get(key) {
      try {
        return JSON.parse(readFileSync(fileOf(key), 'utf8')) as KernelVerdict // we wrote it
      } catch {
        return undefined // not there, or not readable: judged again
      }
    },
    put(key, verdict) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        const draft = `${fileOf(key)}.${process.pid}`
        writeFileSync(draft, JSON.stringify(verdict))
        renameSync(draft, fileOf(key))
      } catch {
        // A cache that cannot be written is no cache; the verdict stands all the same.
      }
    },
  }
}
