import { allBlockers } from './blame.ts'
import type { SymbolValue } from './config.ts'
import type { DependencyTable } from './dependencies.ts'
import type { Rule } from './rules.ts'

/**
 * The smallest fragment that repairs failed rules: their own lines, and those of all they depend on. Symbols
 * without a prompt are left out, since kconfig ignores them in a fragment.
 *
 * `wary` are rules that hold only because their symbol is hidden: when the fix uncovers one that would become
 * y by default, its line goes with it (NFS_V2 beside NFS_FS).
 *
 * @returns lines of a `.config`, each ended; empty when there is nothing to set
 */
export function fixFragment(
  failed: readonly Rule[],
  wary: readonly Rule[],
  table: DependencyTable | undefined,
  have: (symbol: string) => SymbolValue,
): string {
  const lines = new Map<string, string>()
  for (const { symbol, fragment } of failed) {
    for (const blocker of fragment?.endsWith('=y') ? allBlockers(symbol, table, have) : []) {
      if (table?.symbols[blocker.symbol]?.prompt === undefined || lines.has(blocker.symbol)) continue
      lines.set(blocker.symbol, blocker.must === 'y' ? `CONFIG_${blocker.symbol}=y` : unset(blocker.symbol))
    }
    if (fragment !== undefined) lines.set(symbol, fragment)
  }
  for (const { symbol, fragment } of wary) {
    const isUncovered = allBlockers(symbol, table, have).some((blocker) => lines.has(blocker.symbol))
    if (isUncovered && table?.symbols[symbol]?.default === 'y' && fragment !== undefined) {
      lines.set(symbol, fragment)
    }
  }
  return [...lines.values()].map((line) => `${line}\n`).join('')
}

function unset(symbol: string): string {
  return `# CONFIG_${symbol} is not set`
}
