/** Symbol without CONFIG_ → its value as written; 'n' for "is not set". */
export type KernelConfig = ReadonlyMap<string, string>

/** Reads .config files and fragments; where a symbol is named twice, the last line counts. */
export function parseConfig(...texts: readonly string[]): KernelConfig {
  const values = new Map<string, string>()
  for (const line of texts.join('\n').split('\n')) {
    const set = /^CONFIG_(\w+)=(.*)$/.exec(line)
    const unset = /^# CONFIG_(\w+) is not set$/.exec(line)
    if (set?.[1] !== undefined && set[2] !== undefined) values.set(set[1], set[2])
    if (unset?.[1] !== undefined) values.set(unset[1], 'n')
  }
  return values
}

/** The text of a fragment without comments, in alphabetic order: equal requests give equal text. */
export function formatConfig(config: KernelConfig): string {
  return [...config]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([symbol, value]) =>
      value === 'n' ? `# CONFIG_${symbol} is not set\n` : `CONFIG_${symbol}=${value}\n`,
    )
    .join('')
}

/**
 * What kconfig made of a request other than asked, one line per symbol.
 *
 * A symbol that is absent from the result counts as 'n': kconfig leaves out what has an unmet dependency.
 */
export function droppedSymbols(requested: KernelConfig, result: KernelConfig): readonly string[] {
  return [...requested]
    .filter(([symbol, value]) => (result.get(symbol) ?? 'n') !== value)
    .map(([symbol, value]) => `CONFIG_${symbol}: asked for ${value}, got ${result.get(symbol) ?? 'nothing'}`)
}
