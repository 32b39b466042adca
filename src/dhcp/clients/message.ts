import type { Caller } from './client.ts'

/** An option of a request: code and value. */
export type RequestOption = readonly [code: number, value: readonly number[]]

export interface RequestFields extends Caller {
  readonly flags?: number
  readonly ciaddr?: number
  /** Options after the cookie, closed with 255; a BOOTP request without any ends after the header. */
  readonly options?: readonly RequestOption[]
  /** Length of the whole message in bytes, zeros at its end; as long as it is when absent. */
  readonly length?: number
}

const COOKIE = [99, 130, 83, 99]

/** The bytes of a request as a client on Ethernet sends it. */
export function formatRequest({
  mac,
  xid,
  flags = 0,
  ciaddr = 0,
  options,
  length = 0,
}: RequestFields): Buffer {
  const head = Buffer.alloc(236)
  head.set([1, 1, 6, 0])
  head.writeUInt32BE(xid, 4)
  head.writeUInt16BE(flags, 10)
  head.writeUInt32BE(ciaddr, 12)
  head.write(mac.replaceAll(':', ''), 28, 'hex')
  const listed = options?.flatMap(([code, value]) => [code, value.length, ...value])
  const tail = listed === undefined ? [] : [...COOKIE, ...listed, 255]
  const bytes = Buffer.concat([head, Buffer.from(tail)])
  return bytes.length >= length ? bytes : Buffer.concat([bytes], length)
}

export const quad = (address: number) => [
  address >>> 24,
  (address >>> 16) & 255,
  (address >>> 8) & 255,
  address & 255,
]

export const macBytes = (mac: string) => [...Buffer.from(mac.replaceAll(':', ''), 'hex')]
