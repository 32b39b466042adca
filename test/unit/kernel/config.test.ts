import fc from 'fast-check'
import { expect, test } from 'vitest'
import { looksLikeConfig, parseConfig, symbolValue } from '../../../src/kernel/config.ts'

const HEADER = `#
# Automatically generated file; DO NOT EDIT.
# Linux/x86 6.1.192 Kernel Configuration
#
`
const END = '#\n# Kernel hacking\n#\n# end of Kernel hacking\n'
const filler = (count: number) =>
  Array.from({ length: count }, (_, at) =>
    at % 2 === 0 ? `CONFIG_FILL${at}=y\n` : `# CONFIG_FILL${at} is not set\n`,
  ).join('')
const complete = (lines: string) => `${HEADER}CONFIG_X86_64=y\n${filler(800)}${lines}${END}`

test('tells y, m, n, strings and absent symbols apart', () => {
  const config = parseConfig(
    complete('CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_D="a \\"b\\""\nCONFIG_E=0x10\n'),
  )

  expect(['A', 'B', 'C', 'D', 'E', 'F'].map((symbol) => symbolValue(config, symbol))).toEqual([
    'y',
    'm',
    'n',
    '"a \\"b\\""',
    '0x10',
    'absent',
  ])
})

test('takes version and architecture from the header and the symbols', () => {
  expect(parseConfig(complete(''))).toMatchObject({
    version: '6.1.192',
    arch: 'x86_64',
    incomplete: undefined,
  })
})

test('the last line of a symbol counts, and a change of mind is reported', () => {
  const config = parseConfig(complete('CONFIG_A=y\nCONFIG_A=m\nCONFIG_B=y\nCONFIG_B=y\n'))

  expect(symbolValue(config, 'A')).toBe('m')
  expect(config.duplicates).toEqual(['A'])
})

test('line ends of DOS and lower-case names are read', () => {
  const config = parseConfig(complete('CONFIG_SCx200=m\nCONFIG_A=n\n').replaceAll('\n', '\r\n'))

  expect(config.incomplete).toBeUndefined()
  expect(symbolValue(config, 'SCx200')).toBe('m')
  expect(symbolValue(config, 'A')).toBe('n')
})

test.each([
  ['a file without a header', complete('').replace('Kernel Configuration', ''), /no "# Linux/],
  ['a savedefconfig with a header put on', `${HEADER}CONFIG_XEN=y\n`, /only 1 symbols/],
  ['a file that is cut off', complete('').slice(0, -30), /end is missing/],
  [
    'a file with its comments removed',
    complete('')
      .replaceAll(/# CONFIG_\w+ is not set\n/g, '')
      .replaceAll('FILL', 'F') + filler(0),
    /only|removed/,
  ],
  [
    'a file with a hole',
    `${HEADER}CONFIG_X86_64=y\n${filler(800)}# end of File systems\n${END}`,
    /"File systems" is missing/,
  ],
])('%s settles nothing, not even by what it says', (_name, text, reason) => {
  const config = parseConfig(text)

  expect(config.incomplete).toMatch(reason)
  expect(symbolValue(config, 'XEN')).toBe('undetermined')
  expect(symbolValue(config, 'FILL0')).toBe('undetermined')
})

test('a complete configuration of an old kernel without end marks is complete', () => {
  const old = complete('CONFIG_HAS_IOMEM=y\n# CONFIG_DEBUG_KERNEL is not set\n')
    .replace(END, '')
    .replace('6.1.192', '4.19.260')

  expect(parseConfig(old).incomplete).toBeUndefined()
})

test('any text is read without an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(parseConfig(Buffer.from(bytes).toString('latin1')).incomplete).toBeDefined()
    }),
  )
})

test('what kconfig prints is read back', () => {
  const value = fc.oneof(
    fc.constantFrom('y', 'm', 'n'),
    fc.nat().map(String),
    fc.stringMatching(/^"[ -!#-[\]-~]*"$/),
  )
  const symbols = fc.dictionary(fc.stringMatching(/^[A-Z0-9_]{1,20}$/), value, { maxKeys: 30 })
  fc.assert(
    fc.property(symbols, (expected) => {
      const lines = Object.entries(expected).map(([symbol, is]) =>
        is === 'n' ? `# CONFIG_${symbol} is not set\n` : `CONFIG_${symbol}=${is}\n`,
      )
      expect(Object.fromEntries(parseConfig(lines.join('')).values)).toEqual(expected)
    }),
  )
})

test('prose is not taken for a configuration', () => {
  expect(looksLikeConfig('Set CONFIG_XEN=y in the menu.')).toBe(false)
  expect(looksLikeConfig('x\n# CONFIG_XEN is not set\n')).toBe(true)
})
