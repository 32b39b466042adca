import type { Blocker } from './blame.ts'
import type { DependencyTable } from './dependencies.ts'
import type { Rule } from './rules.ts'

/**
 * The smallest fragment that repairs failed rules: their own lines, and those of what they depend on when no
 * rule says so. Symbols without a prompt are left out, since kconfig ignores them in a fragment.
 *
 * @returns lines of a `.config`, each ended; empty when there is nothing to set
 */
export function fixFragment(
  failed: readonly { rule: Rule; blockers: readonly Blocker[] }[],
  table: DependencyTable | undefined,
): string {
  const lines = new Map<string, string>()
  for (const { rule, blockers } of failed) {
    for (const { symbol, must } of blockers.toReversed()) {
      const hasPrompt = table?.symbols[symbol]?.prompt !== undefined
      if (hasPrompt && !lines.has(symbol))
        lines.set(symbol, must === 'y' ? `CONFIG_${symbol}=y` : `# CONFIG_${symbol} is not set`)
    }
    if (rule.fragment !== undefined) lines.set(rule.symbol, rule.fragment)
  }
  return [...lines.values()].map((line) => `${line}\n`).join('')
}
