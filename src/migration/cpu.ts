import { DomusError } from '../errors.ts'

/** Feature words of a host by the name of their set, such as `HVM Max`; each word holds 32 features. */
export type CpuFeatures = ReadonlyMap<string, readonly number[]>

/**
 * Reads the sets that `xen-cpuid` prints: `NAME` padded, then words in hex, joined by colons.
 *
 * @throws DomusError 'command-failed' when there is no set of guests in it
 * @see tools/misc/xen-cpuid.c: dump_info
 */
export function parseCpuFeatures(stdout: string): CpuFeatures {
  const sets = new Map<string, number[]>()
  // Before these come static ones: what Xen knows of, not what this machine has.
  const [, dynamic = ''] = stdout.split('Dynamic sets:')
  for (const line of dynamic.split('\n')) {
    const [, name, words] = /^(\S.*?)\s+([0-9a-f]{8}(?::[0-9a-f]{8})*)$/.exec(line.trimEnd()) ?? []
    if (name !== undefined && words !== undefined)
      sets.set(
        name,
        words.split(':').map((word) => Number.parseInt(word, 16)),
      )
  }
  if (!sets.has('PV Max') && !sets.has('HVM Max'))
    throw new DomusError('command-failed', 'xen-cpuid tells no features that guests may have')
  return sets
}

/** Features as `WORD:BIT` that the first has and the second has not. */
export function missingFeatures(had: readonly number[], has: readonly number[]): string[] {
  return had.flatMap((word, at) =>
    Array.from({ length: 32 }, (_none, bit) => bit)
      .filter((bit) => ((word >>> bit) & 1) === 1 && (((has[at] ?? 0) >>> bit) & 1) === 0)
      .map((bit) => `${at}:${bit}`),
  )
}
