import type { Problem } from '../model/problem.ts'
import type { WireValue } from './codec.ts'
import { OPTIONS, OWNED, optionCode } from './option-table.ts'
import { type Encoded, encodeUntyped, encodeValue, type OptionValue } from './option-values.ts'

/** Extra options as the site file gives them: by name or number. */
export type OptionSettings = Readonly<Record<string, OptionValue>>

/** One extra option, ready for the wire. */
export interface WireOption {
  readonly code: number
  readonly value: WireValue
}

/**
 * Checks `options` of a network or domain.
 *
 * Refused: names nobody knows, values that do not fit the option's type, more than 255 bytes, options domus owns,
 * and the same option twice under two spellings.
 */
export function checkOptions(settings: OptionSettings, path: string): Problem[] {
  const problems: Problem[] = []
  const spelling = new Map<number, string>()
  for (const [key, value] of Object.entries(settings)) {
    const code = optionCode(key)
    const other = code === undefined ? undefined : spelling.get(code)
    const fault =
      other === undefined ? optionFault(key, value) : `is the same option as ${other}: give it once`
    if (fault !== undefined) problems.push({ path: `${path}/${key}`, message: fault })
    if (code !== undefined) spelling.set(code, key)
  }
  return problems
}

/** The options of a network with those of a domain over them, by rising code; what does not pass the check is left out. */
export function encodeOptions(network: OptionSettings, domain: OptionSettings): WireOption[] {
  const values = new Map<number, WireValue>()
  for (const [key, value] of [...Object.entries(network), ...Object.entries(domain)]) {
    const code = optionCode(key)
    if (code === undefined || optionFault(key, value) !== undefined) continue
    const encoded = encode(code, value)
    if ('wire' in encoded) values.set(code, encoded.wire)
  }
  return [...values].map(([code, value]) => ({ code, value })).sort((a, b) => a.code - b.code)
}

function optionFault(key: string, value: OptionValue): string | undefined {
  const code = optionCode(key)
  if (code === undefined) return `no DHCP option is named ${key}; give its number, 1 to 254`
  if (code > 255) return `${key} is no option number: 1 to 254`
  const owned = OWNED[code]
  if (owned !== undefined) return `option ${code} cannot be set here: ${owned}`
  const encoded = encode(code, value)
  if ('fault' in encoded) return `option ${describe(code)} ${encoded.fault}`
  if (encoded.length > 255) return `option ${describe(code)} takes ${encoded.length} bytes, at most 255 fit`
  return undefined
}

function encode(code: number, value: OptionValue): Encoded {
  const kind = OPTIONS.get(code)
  return kind === undefined ? encodeUntyped(value) : encodeValue(kind.type, value)
}

function describe(code: number): string {
  const kind = OPTIONS.get(code)
  return kind === undefined ? String(code) : `${code} (${kind.name})`
}
