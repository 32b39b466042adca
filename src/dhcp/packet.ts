/**
 * Reads what clients send, without trusting a byte of it.
 *
 * @see RFC 2131 §2 for the fields, RFC 951 for BOOTP, RFC 3396 for options that come in parts
 */

export const HEADER_LENGTH = 236 // bytes before the cookie; a whole BOOTP request of klibc is no longer
export const OPTIONS_AT = 240
export const COOKIE = 0x63825363

/** Why a datagram is not looked at any further. */
export type DropReason = 'too-short' | 'not-a-request' | 'hardware' | 'malformed'

export interface Dropped {
  readonly drop: DropReason
}

/** A client's message; addresses and MAC are numbers, since each lookup and comparison is on the hot path. */
export interface Packet {
  /** The datagram itself; the fields that are only echoed are copied from it. */
  readonly bytes: Buffer
  /** Option 53; 0 for a BOOTP request, which has none. */
  readonly type: number
  /** The first six bytes of chaddr, big-endian. */
  readonly mac: number
  readonly xid: number
  readonly flags: number
  readonly ciaddr: number
  readonly giaddr: number
  /** Option 50. */
  readonly requested: number | undefined
  /** Option 54; 0.0.0.0 counts as absent. */
  readonly serverId: number | undefined
  /** Option 57: the longest message the client takes, in bytes with IP and UDP header; 0 when absent. */
  readonly maxSize: number
  /** Options 61 and 82 as they came. */
  readonly clientId: Uint8Array | undefined
  readonly relayInfo: Uint8Array | undefined
}

const DROPPED: Record<DropReason, Dropped> = {
  'too-short': { drop: 'too-short' },
  'not-a-request': { drop: 'not-a-request' },
  hardware: { drop: 'hardware' },
  malformed: { drop: 'malformed' },
}

/**
 * Reads a request of a client or relay; never throws.
 *
 * Takes at least 236 bytes; a message without cookie or without option 53 is BOOTP. Options may be padded
 * anywhere, end without 255, come in parts and overflow into the fields file and sname (option 52).
 */
export function readPacket(bytes: Buffer): Packet | Dropped {
  if (bytes.length < HEADER_LENGTH) return DROPPED['too-short']
  if (bytes[0] !== 1) return DROPPED['not-a-request']
  if (bytes[1] !== 1 || bytes[2] !== 6) return DROPPED.hardware
  const found = hasCookie(bytes) ? (readOnce(bytes) ?? readParts(bytes)) : NO_OPTIONS
  if (found === 'malformed') return DROPPED.malformed
  return {
    bytes,
    type: found.type,
    mac: bytes.readUInt16BE(28) * 0x100000000 + bytes.readUInt32BE(30),
    xid: bytes.readUInt32BE(4),
    flags: bytes.readUInt16BE(10),
    ciaddr: bytes.readUInt32BE(12),
    giaddr: bytes.readUInt32BE(24),
    requested: found.requested,
    serverId: found.serverId === 0 ? undefined : found.serverId,
    maxSize: found.maxSize,
    clientId: found.clientId,
    relayInfo: found.relayInfo,
  }
}

/**
 * All options of a message, request or reply; the parts of one option are joined in the order options, file,
 * sname (RFC 3396 §5).
 *
 * @returns undefined when an option is cut off; an empty map when there is no cookie
 */
export function readOptions(bytes: Buffer): Map<number, Buffer> | undefined {
  const options = new Map<number, Buffer>()
  if (!hasCookie(bytes)) return options
  if (!collect(bytes, OPTIONS_AT, bytes.length, options)) return undefined
  const overload = options.get(52)?.[0] ?? 0
  if ((overload & 1) !== 0 && !collect(bytes, 108, 236, options)) return undefined
  if ((overload & 2) !== 0 && !collect(bytes, 44, 108, options)) return undefined
  return options
}

/** `00:16:3e:00:00:01` as a number. */
export const macNumber = (mac: string) => Number.parseInt(mac.replaceAll(':', ''), 16)

export function macText(mac: number): string {
  const [first, last] = [Math.floor(mac / 0x1000000), mac % 0x1000000]
  const pairs = [first >>> 16, first >>> 8, first, last >>> 16, last >>> 8, last]
  return pairs.map((pair) => HEX_PAIRS[pair & 255]).join(':')
}

const HEX_PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

interface Found {
  type: number
  requested: number | undefined
  serverId: number | undefined
  maxSize: number
  clientId: Uint8Array | undefined
  relayInfo: Uint8Array | undefined
}

const NO_OPTIONS: Found = {
  type: 0,
  requested: undefined,
  serverId: undefined,
  maxSize: 0,
  clientId: undefined,
  relayInfo: undefined,
}

const hasCookie = (bytes: Buffer) =>
  bytes.length >= OPTIONS_AT && bytes.readUInt32BE(HEADER_LENGTH) === COOKIE

/**
 * One pass over a plain option list, as every client here sends it.
 *
 * @returns undefined for anything unusual (parts, overflow, odd lengths), which {@link readParts} then judges
 */
function readOnce(bytes: Buffer): Found | undefined {
  const found = { ...NO_OPTIONS }
  for (let at = OPTIONS_AT; at < bytes.length; ) {
    const code = bytes[at++]
    if (code === 0) continue
    if (code === 255) break
    const length = bytes[at++]
    if (length === undefined || at + length > bytes.length) return undefined
    switch (code) {
      case 50:
        if (length !== 4 || found.requested !== undefined) return undefined
        found.requested = bytes.readUInt32BE(at)
        break
      case 52:
        return undefined
      case 53:
        if (length !== 1 || found.type !== 0 || bytes[at] === 0) return undefined
        found.type = bytes[at] ?? 0
        break
      case 54:
        if (length !== 4 || found.serverId !== undefined) return undefined
        found.serverId = bytes.readUInt32BE(at)
        break
      case 57:
        if (length !== 2 || found.maxSize !== 0) return undefined
        found.maxSize = bytes.readUInt16BE(at)
        break
      case 61:
        if (found.clientId !== undefined) return undefined
        found.clientId = bytes.subarray(at, at + length)
        break
      case 82:
        if (found.relayInfo !== undefined) return undefined
        found.relayInfo = bytes.subarray(at, at + length)
        break
    }
    at += length
  }
  return found
}

/** The same from joined options. */
function readParts(bytes: Buffer): Found | 'malformed' {
  const options = readOptions(bytes)
  if (options === undefined) return 'malformed'
  for (const [code, length] of FIXED_LENGTHS) {
    if (options.has(code) && options.get(code)?.length !== length) return 'malformed'
  }
  if (options.get(53)?.[0] === 0) return 'malformed'
  return {
    type: options.get(53)?.[0] ?? 0,
    requested: options.get(50)?.readUInt32BE(0),
    serverId: options.get(54)?.readUInt32BE(0),
    maxSize: options.get(57)?.readUInt16BE(0) ?? 0,
    clientId: options.get(61),
    relayInfo: options.get(82),
  }
}

const FIXED_LENGTHS = [
  [50, 4],
  [53, 1],
  [54, 4],
  [57, 2],
] as const

/** Adds the options of one field; false when one is cut off. */
function collect(bytes: Buffer, from: number, to: number, into: Map<number, Buffer>): boolean {
  for (let at = from; at < to; ) {
    const code = bytes[at++] ?? 255
    if (code === 0) continue
    if (code === 255) return true
    const length = bytes[at++]
    if (at > to || length === undefined || at + length > to) return false
    const part = bytes.subarray(at, at + length)
    const before = into.get(code)
    into.set(code, before === undefined ? part : Buffer.concat([before, part]))
    at += length
  }
  return true
}
