/**
 * Replies to packets: the compiled options of a guest, and what echoes the request.
 *
 * @see RFC 2131 §4.3.1 table 3, RFC 1534 for BOOTP clients
 */
import { COOKIE, HEADER_LENGTH, OPTIONS_AT, type Packet } from './packet.ts'
import type { CompiledReply } from './reply-record.ts'

export const MIN_LENGTH = 300 // bytes; older relays and clients drop shorter messages (RFC 1542 §2.1)
export const MAX_LENGTH = 548 // bytes; what every client must take: 576 less IP and UDP header (RFC 2131 §2)
const IP_UDP_HEADER = 28
const MAX_DATAGRAM = 1472 // bytes in one Ethernet frame; the kernel's client drops fragments
const REPLY_END = 1 // the end mark

// The compiled options begin with these three.
const LEASE_LENGTH = 6 // 51, 4, seconds
const TYPE_LENGTH = 3 // 53, 1, type
const SERVER_ID_LENGTH = 6 // 54, 4, address
export const DHCP_OPTIONS_LENGTH = LEASE_LENGTH + TYPE_LENGTH + SERVER_ID_LENGTH

/** What a reply is: OFFER and ACK differ in one byte; the others leave fields out. */
export type ReplyForm = 'offer' | 'ack' | 'inform-ack' | 'nak' | 'bootp'

const MESSAGE_TYPES = { offer: 2, ack: 5, 'inform-ack': 5, nak: 6, bootp: 0 } as const

/** Memory for replies, with what is the same in all of them: fields that formatReply does not write. */
export function newReplyBuffer(): Buffer {
  const bytes = Buffer.alloc(1536)
  bytes.set([2, 1, 6]) // op, htype, hlen; no hops, no secs, no sname, no file
  bytes.writeUInt32BE(COOKIE, HEADER_LENGTH)
  return bytes
}

/**
 * Writes the answer to one packet.
 *
 * `serverId` is our address on the bridge it goes out of; `into` comes from {@link newReplyBuffer}.
 *
 * @returns its length in bytes
 */
export function formatReply(
  form: ReplyForm,
  reply: CompiledReply,
  serverId: number,
  packet: Packet,
  into: Buffer,
): number {
  const clientMax = Math.max(packet.maxSize - IP_UDP_HEADER, MAX_LENGTH)
  const echo = packet.clientId === undefined || form === 'bootp' ? 0 : packet.clientId.length + 2
  const whole = OPTIONS_AT + reply.endAt - reply.optionsAt + echo + REPLY_END
  writeHeader(form, reply, packet, into)
  let at = copyOptions(form, reply, whole <= clientMax ? reply.endAt : reply.extrasAt, into)
  if (form !== 'bootp') patchType(form, serverId, into)
  if (echo > 0 && packet.clientId !== undefined) at = addOption(61, packet.clientId, into, at) // RFC 6842
  // RFC 3046 §2.2: last of all, as it came, and left out when there is no room
  const relayInfo = packet.relayInfo
  if (relayInfo !== undefined && at + relayInfo.length + 3 <= MAX_DATAGRAM) {
    at = addOption(82, relayInfo, into, at)
  }
  into[at++] = 255
  if (at >= MIN_LENGTH) return at
  into.fill(0, at, MIN_LENGTH)
  return MIN_LENGTH
}

function writeHeader(form: ReplyForm, reply: CompiledReply, packet: Packet, into: Buffer): void {
  into.writeUInt32BE(packet.xid, 4)
  // A relay must broadcast a NAK: the client may have the wrong address (RFC 2131 §4.3.2).
  into.writeUInt16BE(form === 'nak' && packet.giaddr !== 0 ? packet.flags | 0x8000 : packet.flags, 10)
  into.writeUInt32BE(form === 'offer' || form === 'nak' ? 0 : packet.ciaddr, 12)
  into.writeUInt32BE(form === 'inform-ack' || form === 'nak' ? 0 : reply.address, 16)
  into.writeUInt32BE(form === 'nak' ? 0 : reply.nextServer, 20)
  into.writeUInt32BE(packet.giaddr, 24)
  // All 16 bytes of chaddr: klibc compares them. So few are quicker by hand than by copy().
  for (let at = 28; at < 44; at++) into[at] = packet.bytes[at] ?? 0
}

/** Copies what this form has of the options; returns where the echoed ones go. */
function copyOptions(
  form: ReplyForm,
  { bytes, optionsAt }: CompiledReply,
  end: number,
  into: Buffer,
): number {
  switch (form) {
    case 'offer':
    case 'ack':
      return copy(bytes, optionsAt, end, into)
    case 'inform-ack': // RFC 2131 §4.3.5: no lease time
      return copy(bytes, optionsAt + LEASE_LENGTH, end, into)
    case 'nak': // table 3: only 53 and 54
      return copy(bytes, optionsAt + LEASE_LENGTH, optionsAt + DHCP_OPTIONS_LENGTH, into)
    case 'bootp': // RFC 1534 §2: no DHCP options
      return copy(bytes, optionsAt + DHCP_OPTIONS_LENGTH, end, into)
  }
}

const copy = (bytes: Buffer, from: number, to: number, into: Buffer) =>
  OPTIONS_AT + bytes.copy(into, OPTIONS_AT, from, to)

function patchType(form: ReplyForm, serverId: number, into: Buffer): void {
  const at = form === 'offer' || form === 'ack' ? OPTIONS_AT + LEASE_LENGTH : OPTIONS_AT
  into[at + 2] = MESSAGE_TYPES[form]
  into.writeUInt32BE(serverId, at + TYPE_LENGTH + 2)
}

function addOption(code: number, value: Uint8Array, into: Buffer, at: number): number {
  into[at] = code
  into[at + 1] = value.length
  into.set(value, at + 2)
  return at + 2 + value.length
}
