/** IPv4 arithmetic on plain numbers (0 to 2^32-1); text is always a strict dotted quad. */

const QUAD = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/

/** A strict dotted quad: four decimal numbers without leading zeros, as the kernel's in_aton takes them. */
export const isIpv4 = (text: string) => QUAD.test(text)

/** Turns a dotted quad into a number; the caller has checked the text with {@link isIpv4}. */
export function parseIpv4(text: string): number {
  let value = 0
  let part = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT) {
      value = value * 256 + part
      part = 0
    } else part = part * 10 + (code - ZERO)
  }
  return value * 256 + part
}

const DOT = 46
const ZERO = 48

export const formatIpv4 = (value: number) =>
  `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`

/** An IPv4 network: `first` is the network address, `last` the broadcast address. */
export interface Cidr {
  readonly first: number
  readonly last: number
  readonly prefix: number
}

/** Reads `a.b.c.d/prefix`; undefined when it is not of that form or has host bits. @see RFC 4632 */
export function parseCidr(text: string): Cidr | undefined {
  if (text !== last.text) last = { text, cidr: readCidr(text) }
  return last.cidr
}

/** Thousands of guests, one after the other, are of one network. */
let last: { readonly text: string; readonly cidr: Cidr | undefined } = { text: '', cidr: undefined }

function readCidr(text: string): Cidr | undefined {
  const [address = '', length = '', ...rest] = text.split('/')
  if (rest.length > 0 || !isIpv4(address) || !/^(?:[12]?\d|3[0-2])$/.test(length)) return undefined
  const prefix = Number(length)
  const size = 2 ** (32 - prefix)
  const first = parseIpv4(address)
  return first % size === 0 ? { first, last: first + size - 1, prefix } : undefined
}

export const contains = (cidr: Cidr, address: number) => address >= cidr.first && address <= cidr.last

export const netmaskOf = ({ prefix }: Cidr) => formatIpv4(2 ** 32 - 2 ** (32 - prefix))

export const broadcastOf = ({ last }: Cidr) => formatIpv4(last)

/** Reads `A-B`, both ends included; undefined when it is not of that form or A is after B. */
export function parseRange(text: string): { first: number; last: number } | undefined {
  const [from = '', to = '', ...rest] = text.split('-')
  if (rest.length > 0 || !isIpv4(from) || !isIpv4(to)) return undefined
  const range = { first: parseIpv4(from), last: parseIpv4(to) }
  return range.first <= range.last ? range : undefined
}
