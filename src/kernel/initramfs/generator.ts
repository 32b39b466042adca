import type { InitramfsSummary } from '../verdict.ts'
import type { InitramfsFacts } from './facts.ts'
import type { Generator, InitramfsTable } from './table.ts'

/** Says whether one of the files fits one of the patterns. */
export function hasFile({ files }: InitramfsFacts, patterns: readonly string[]): boolean {
  const expressions = patterns.map((pattern) => new RegExp(pattern))
  return [...files].some((file) => expressions.some((expression) => expression.test(file)))
}

/** Finds the program that made an initramfs, by what it leaves in it; undefined when it is none of the table. */
export function generatorOf(facts: InitramfsFacts, table: InitramfsTable): Generator | undefined {
  return table.generators.find(({ detect }) => hasFile(facts, detect))
}

/** Says in one word what an initramfs is; `none` when it has no /init, which the kernel would pass over. */
export function generatorName(facts: InitramfsFacts, table: InitramfsTable): InitramfsSummary['generator'] {
  if (facts.unreadable !== undefined) return 'unknown'
  if (!facts.files.has('init')) return 'none'
  return generatorOf(facts, table)?.name ?? 'unknown'
}
