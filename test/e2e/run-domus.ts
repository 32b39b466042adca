import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { onTestFinished } from 'vitest'

export interface Finished {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A state folder of its own, removed when the test has finished. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'domus-e2e-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs the program as a user would, without his settings; `input` becomes its standard input, as JSON unless text. */
export async function domus(
  argv: readonly string[],
  {
    input,
    env = {},
    data = scratchFolder(),
  }: { input?: unknown; env?: Record<string, string>; data?: string } = {},
): Promise<Finished> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, ['src/domus.js', ...argv], {
    cwd: join(import.meta.dirname, '../..'),
    input: typeof input === 'string' ? input : JSON.stringify(input ?? ''),
    env: { DOMUS_DATA: data, DOMUS_SITE: 'test', ...env },
    reject: false,
    stripFinalNewline: false,
  })
  return { exitCode: exitCode ?? -1, stdout, stderr }
}
