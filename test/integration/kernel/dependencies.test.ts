import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { blame } from '../../../src/kernel/blame.ts'
import { parseConfig, symbolValue } from '../../../src/kernel/config.ts'
import { evaluate, parseExpression } from '../../../src/kernel/expression.ts'
import { tableFor } from '../../../src/kernel/table-for.ts'
import { loadKernelData } from '../../../src/kernel-data.ts'

const { rules, dependencies } = await loadKernelData()
const samples = join(import.meta.dirname, '../../../kernel-configs/samples')
const read = (name: string) => parseConfig(readFileSync(join(samples, `${name}.config`), 'utf8'))
const table = tableFor(dependencies, [6, 1, 0])
const symbols = Object.entries(table?.symbols ?? {})

describe.each(['domu-6.1', 'debian-cloud-6.1', 'x86_64_defconfig-6.1'])('%s', (name) => {
  const config = read(name)
  const have = (symbol: string) => symbolValue(config, symbol)
  const levelOf = (expression: string | undefined) =>
    expression === undefined ? 2 : evaluate(parseExpression(expression), have)

  test('has a line for every symbol whose dependencies are met, as the table says', () => {
    const visible = symbols.filter(
      ([, { prompt, depends, promptIf }]) =>
        prompt !== undefined && levelOf(depends) > 0 && levelOf(promptIf) > 0,
    )

    expect(visible.length).toBeGreaterThan(50)
    expect(visible.filter(([symbol]) => have(symbol) === 'absent').map(([symbol]) => symbol)).toEqual([])
  })

  test('has none for a symbol whose dependencies are not met', () => {
    const hidden = symbols.filter(([, { depends }]) => levelOf(depends) === 0)

    expect(hidden.filter(([symbol]) => have(symbol) !== 'absent').map(([symbol]) => symbol)).toEqual([])
  })

  test('never has a symbol above its dependencies', () => {
    const above = symbols.filter(
      ([symbol, { type, depends }]) => type === 'tristate' && have(symbol) === 'y' && levelOf(depends) < 2,
    )

    expect(above.map(([symbol]) => symbol)).toEqual([])
  })
})

test('every rule of this series stands in the table, with the menu it names', () => {
  const known = rules.filter(({ symbol, since }) => since !== '6.19' && symbol !== 'XEN_PVH')
  const shown = (symbol: string) => {
    const entry = table?.symbols[symbol]
    return entry?.prompt === undefined ? [] : [...entry.menu, entry.prompt]
  }

  expect(known.map(({ symbol, menu }) => [symbol, menu])).toEqual(
    known.map(({ symbol }) => [symbol, shown(symbol)]),
  )
})

test('every fragment line of a rule sets a symbol that kconfig lets one set', () => {
  const settable = rules.filter(({ fragment, since }) => fragment !== undefined && since !== '6.19')

  expect(
    settable.filter(({ symbol }) => table?.symbols[symbol]?.prompt === undefined).map(({ id }) => id),
  ).toEqual([])
})

const without = (config: string, ...off: string[]) => {
  const parsed = read(config)
  return (symbol: string) => (off.includes(symbol) ? 'n' : symbolValue(parsed, symbol))
}
const chain = (symbol: string, have: (symbol: string) => string) =>
  blame(symbol, table, have).map((blocker) => `${blocker.must === 'n' ? '!' : ''}${blocker.symbol}`)

test('blames the first unmet link, and what that one waits for', () => {
  expect(chain('ROOT_NFS', without('domu-6.1', 'IP_PNP', 'INET'))).toEqual(['IP_PNP', 'INET'])
  expect(chain('ROOT_NFS', without('domu-6.1', 'NFS_FS', 'IP_PNP', 'INET'))).toEqual(['NFS_FS', 'INET'])
  expect(chain('ROOT_NFS', without('domu-6.1', 'IP_PNP'))).toEqual(['IP_PNP'])
  expect(chain('ROOT_NFS', without('domu-6.1', 'IP_PNP', 'NETWORK_FILESYSTEMS'))).toEqual([
    'NETWORK_FILESYSTEMS',
  ])
  expect(chain('XEN_PVH', without('domu-6.1', 'ACPI'))).toEqual(['ACPI'])
  expect(chain('XEN_NETDEV_FRONTEND', without('domu-6.1', 'XEN', 'PARAVIRT'))).toEqual(['XEN', 'PARAVIRT'])
})

test('blames nothing when only the symbol itself is off', () => {
  expect(chain('NFS_V3', without('domu-6.1', 'NFS_V3'))).toEqual([])
})

test('NFS_FS as a module stands in the way of the root over NFS', () => {
  const config = read('debian-cloud-6.1')

  expect(chain('ROOT_NFS', (symbol) => (symbol === 'IP_PNP' ? 'y' : symbolValue(config, symbol)))).toEqual([
    'NFS_FS',
  ])
})
