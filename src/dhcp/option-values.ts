import { isIpv4, parseCidr, parseIpv4 } from '../model/address.ts'
import type { WireValue } from './codec.ts'
import type { OptionType } from './option-table.ts'

/** A value as the site file holds it. */
export type OptionValue = string | number | boolean | readonly (string | number)[]

/** The value in wire form with its length in bytes, or what is wrong with it. */
export type Encoded = { readonly wire: WireValue; readonly length: number } | { readonly fault: string }

/** Encodes a value by the type its RFC gives the option. */
export function encodeValue(type: OptionType, value: OptionValue): Encoded {
  switch (type) {
    case 'text':
      return encodeText(value)
    case 'ip':
      return encodeAddresses(value, (count) => count === 1, 'one address')
    case 'ips':
      return encodeAddresses(value, (count) => count >= 1, 'one or more addresses')
    case 'ip-pairs':
      return encodeAddresses(value, (count) => count >= 2 && count % 2 === 0, 'pairs of addresses')
    case 'flag':
      return encodeFlag(value)
    case 'uint8':
      return encodeNumber(value, 0, 255, 1)
    case 'uint16':
      return encodeNumber(value, 0, 65535, 2)
    case 'uint32':
      return encodeNumber(value, 0, 4294967295, 4)
    case 'int32':
      return encodeNumber(value, -2147483648, 2147483647, 4)
    case 'uint16s':
      return encodeNumbers(value, 65535, 2)
    case 'bytes':
      return encodeBytes(value)
    case 'domain-list':
      return encodeDomains(value)
    case 'classless-routes':
      return encodeRoutes(value)
  }
}

/** A code whose type nobody told us: text stays text, numbers are bytes. */
export const encodeUntyped = (value: OptionValue): Encoded =>
  typeof value === 'string' ? asBytes(encodeText(value)) : encodeBytes(value)

function encodeText(value: OptionValue): Encoded {
  if (typeof value !== 'string') return { fault: 'must be text' }
  if (!/^[ -~]+$/.test(value)) return { fault: 'must be printable ASCII, at least one character' }
  return { wire: value, length: value.length }
}

const asBytes = (encoded: Encoded): Encoded =>
  'wire' in encoded && typeof encoded.wire === 'string'
    ? { wire: [...Buffer.from(encoded.wire, 'ascii')], length: encoded.length }
    : encoded

function encodeAddresses(value: OptionValue, fits: (count: number) => boolean, want: string): Encoded {
  const list = words(value)
  const bad = list.find((one) => !isIpv4(one))
  if (bad !== undefined) return { fault: `${bad} is not a dotted quad; must be ${want}` }
  if (!fits(list.length)) return { fault: `must be ${want}` }
  const [only = ''] = list
  return { wire: want === 'one address' ? only : list, length: 4 * list.length }
}

function encodeFlag(value: OptionValue): Encoded {
  if (value === true || value === 1) return { wire: 1, length: 1 }
  if (value === false || value === 0) return { wire: 0, length: 1 }
  return { fault: 'must be true or false' }
}

function encodeNumber(value: OptionValue, least: number, most: number, length: number): Encoded {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) {
    return { wire: value, length }
  }
  return { fault: `must be a whole number from ${least} to ${most}` }
}

function encodeNumbers(value: OptionValue, most: number, size: number): Encoded {
  const list = Array.isArray(value) ? value : [value]
  const isFit = (one: unknown) => typeof one === 'number' && Number.isInteger(one) && one >= 0 && one <= most
  if (list.length === 0 || !list.every(isFit))
    return { fault: `must be a list of whole numbers from 0 to ${most}` }
  return { wire: list as number[], length: size * list.length } // every one is a number: checked above
}

function encodeBytes(value: OptionValue): Encoded {
  if (typeof value === 'string' && /^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2})*$/.test(value)) {
    const list = value.split(':').map((pair) => Number.parseInt(pair, 16))
    return { wire: list, length: list.length }
  }
  const encoded = encodeNumbers(value, 255, 1)
  return 'fault' in encoded
    ? { fault: 'must be bytes: hex pairs with colons, or a list of 0 to 255' }
    : encoded
}

const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/

/** Without the compression RFC 3397 allows: not every client reads it. */
function encodeDomains(value: OptionValue): Encoded {
  const bytes: number[] = []
  for (const domain of words(value)) {
    const labels = domain.replace(/\.$/, '').split('.')
    if (domain.length > 253 || !labels.every((label) => LABEL.test(label))) {
      return { fault: `${domain} is not a DNS domain` }
    }
    for (const label of labels) bytes.push(label.length, ...Buffer.from(label, 'ascii'))
    bytes.push(0)
  }
  return bytes.length === 0
    ? { fault: 'must be one or more DNS domains' }
    : { wire: bytes, length: bytes.length }
}

/** `10.0.0.0/8 via 10.0.0.1`, `10.0.0.0/8 10.0.0.1` or the same as a flat list; only the used bytes of a network go out. */
function encodeRoutes(value: OptionValue): Encoded {
  const list = words(value).filter((word) => word !== 'via')
  const bytes: number[] = []
  for (let at = 0; at < list.length; at += 2) {
    const [network = '', gateway = ''] = list.slice(at, at + 2)
    const cidr = parseCidr(network === 'default' ? '0.0.0.0/0' : network)
    if (cidr === undefined)
      return { fault: `${network} is not a network such as 10.0.0.0/8 without host bits` }
    if (!isIpv4(gateway)) return { fault: `the route to ${network} needs a gateway: ${network} via ADDRESS` }
    bytes.push(cidr.prefix, ...quad(cidr.first).subarray(0, Math.ceil(cidr.prefix / 8)))
    bytes.push(...quad(parseIpv4(gateway)))
  }
  return bytes.length === 0
    ? { fault: 'must be routes such as 10.0.0.0/8 via 10.0.0.1' }
    : { wire: bytes, length: bytes.length }
}

const words = (value: OptionValue) =>
  (Array.isArray(value) ? value.map(String) : [String(value)]).flatMap((text) =>
    text.split(/[\s,]+/).filter((word) => word !== ''),
  )

function quad(address: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(address)
  return bytes
}
