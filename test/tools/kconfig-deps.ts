import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Dependency, DependencyTable } from '../../src/kernel/dependencies.ts'
import { type Expression, parseExpression } from '../../src/kernel/expression.ts'
import { loadKernelData } from '../../src/kernel-data.ts'
import { type Definition, readKconfig } from './kconfig.ts'

/**
 * Makes the dependency table of a kernel series from its Kconfig files: of the symbols of all rules, and of all
 * that they depend on.
 */
export function dependencyTable(source: string, wanted: readonly string[]): DependencyTable {
  const definitions = Map.groupBy(readKconfig(source), ({ symbol }) => symbol)
  const selectors = selectorsOf([...definitions.values()].flat())
  const symbols: Record<string, Dependency> = {}
  const queue = [...wanted]
  for (let symbol = queue.shift(); symbol !== undefined; symbol = queue.shift()) {
    const found = definitions.get(symbol)
    if (found === undefined || symbols[symbol] !== undefined) continue
    const entry = entryOf(found, selectors.get(symbol) ?? [])
    symbols[symbol] = entry
    queue.push(...symbolsIn(entry.depends))
  }
  const version = versionOf(source)
  const sorted = Object.fromEntries(Object.entries(symbols).sort(([a], [b]) => (a < b ? -1 : 1)))
  return {
    series: version.split('.').slice(0, 2).join('.'),
    arch: 'x86_64',
    generatedFrom: version,
    symbols: sorted,
  }
}

function entryOf(found: readonly Definition[], selectedBy: readonly string[]): Dependency {
  const visible = found.filter(({ prompt }) => prompt !== undefined)
  const main = visible[0] ?? found[0]
  if (main === undefined) throw new Error('a symbol without a definition')
  const each = (visible.length > 0 ? visible : found).map(({ depends }) => conjunction(depends))
  const depends = each.includes('')
    ? ''
    : each.length === 1
      ? each[0]
      : each.map((one) => `(${one})`).join(' || ')
  return {
    type: found.find(({ type }) => type !== undefined)?.type ?? 'bool',
    ...(depends && { depends }),
    ...(main.prompt !== undefined && { prompt: main.prompt }),
    ...(main.promptIf !== undefined && visible.length === 1 && { promptIf: main.promptIf }),
    ...(found.some((each) => each.default === 'y') && { default: 'y' as const }),
    menu: [...main.menu],
    selectedBy: [...selectedBy],
  }
}

function conjunction(parts: readonly string[]): string {
  const distinct = [...new Set(parts.filter((part) => part !== '' && part !== 'y'))]
  return distinct
    .map((part) => (distinct.length > 1 && part.includes('||') ? `(${part})` : part))
    .join(' && ')
}

const MOST_SELECTORS = 8 // of something that everything selects, such as CRC32, the names tell nothing

function selectorsOf(definitions: readonly Definition[]): ReadonlyMap<string, readonly string[]> {
  const selectors = new Map<string, Set<string>>()
  for (const { symbol, selects } of definitions) {
    for (const select of selects) {
      selectors.set(select.symbol, (selectors.get(select.symbol) ?? new Set()).add(symbol))
    }
  }
  return new Map(
    [...selectors].map(([symbol, by]) => [symbol, by.size > MOST_SELECTORS ? [] : [...by].sort()]),
  )
}

function symbolsIn(depends: string | undefined): readonly string[] {
  return depends === undefined ? [] : namesIn(parseExpression(depends))
}

function namesIn(expression: Expression): readonly string[] {
  switch (expression.kind) {
    case 'symbol':
      return [expression.name]
    case 'literal':
      return []
    case 'not':
      return namesIn(expression.of)
    case 'compare':
      return [...namesIn(expression.left), ...namesIn(expression.right)]
    case 'and':
    case 'or':
      return expression.of.flatMap(namesIn)
  }
}

function versionOf(source: string): string {
  const makefile = readFileSync(join(source, 'Makefile'), 'utf8')
  const part = (name: string) => new RegExp(`^${name} = (\\d+)$`, 'm').exec(makefile)?.[1] ?? '0'
  return `${part('VERSION')}.${part('PATCHLEVEL')}.${part('SUBLEVEL')}`
}

/** Symbols of all rules, and of the fragments. */
export async function wantedSymbols(fragments: readonly string[]): Promise<readonly string[]> {
  const { rules, initramfs } = await loadKernelData()
  const inFragments = fragments.flatMap((text) =>
    [...text.matchAll(/CONFIG_(\w+)/g)].map(([, symbol]) => symbol ?? ''),
  )
  return [
    ...new Set([
      ...rules.map(({ symbol }) => symbol),
      ...initramfs.modules.map(({ symbol }) => symbol),
      ...inFragments,
    ]),
  ].sort()
}

if (import.meta.main) {
  const { positionals } = parseArgs({ allowPositionals: true })
  const [source, out = join(import.meta.dirname, '../../kernel-configs/deps')] = positionals
  if (source === undefined) throw new Error('usage: node test/tools/kconfig-deps.ts SOURCE-TREE [FOLDER]')
  const folder = join(import.meta.dirname, '../../kernel-configs/fragments')
  const { readdirSync } = await import('node:fs')
  const names = readdirSync(folder).filter((name) => name.endsWith('.config'))
  const table = dependencyTable(
    source,
    await wantedSymbols(names.map((name) => readFileSync(join(folder, name), 'utf8'))),
  )
  const file = join(out, `${table.series}-${table.arch}.json`)
  writeFileSync(file, `${JSON.stringify(table, null, 1)}\n`)
  console.error(`${file}: ${Object.keys(table.symbols).length} symbols of Linux ${table.generatedFrom}`)
}
