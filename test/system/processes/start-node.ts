import { join } from 'node:path'
import { execa } from 'execa'

const QUICK = join(import.meta.dirname, '../../../src/quick-resolve.js')

/** A program of this folder in a process of its own; who waits for it gets an error when it fails or is killed. */
export const startNode = (file: string, ...words: readonly string[]) =>
  execa(process.execPath, ['--import', QUICK, join(import.meta.dirname, file), ...words])
