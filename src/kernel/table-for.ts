import type { DependencyTable } from './dependencies.ts'
import type { Version } from './version.ts'

/**
 * Chooses the table of a kernel: its own series, or the nearest one before it, or the oldest.
 *
 * Dependencies of the symbols in question change rarely, and the table only explains; it never decides.
 */
export function tableFor(
  tables: readonly DependencyTable[],
  version: Version | undefined,
): DependencyTable | undefined {
  const sorted = [...tables].sort((a, b) => number(a.series) - number(b.series))
  if (version === undefined) return sorted.at(-1)
  const wanted = version[0] * 1000 + version[1]
  return sorted.findLast((table) => number(table.series) <= wanted) ?? sorted[0]
}

function number(series: string): number {
  const [major = 0, minor = 0] = series.split('.').map(Number)
  return major * 1000 + minor
}
