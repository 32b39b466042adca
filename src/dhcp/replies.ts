/**
 * Answers are compiled when the inventory changes; per packet only what echoes the request is patched.
 *
 * Layout of a compiled reply: header, cookie, options 51, 53 and 54 (fixed places), what the inventory says,
 * then the extra options. Bytes of one reply serve every client and every message type.
 *
 * @see RFC 2131 §4.3.1 table 3, RFC 1534 for BOOTP clients
 */
import { isIpv4, parseIpv4 } from '../model/address.ts'
import type { Name } from '../model/grammar.ts'
import type { Problem } from '../model/problem.ts'
import { formatOptions, formatReplyStart, type WireOptions } from './codec.ts'
import { macNumber, OPTIONS_AT, type Packet } from './packet.ts'
import type { Reservation } from './reservation.ts'

export const MIN_LENGTH = 300 // bytes; older relays and clients drop shorter messages (RFC 1542 §2.1)
export const MAX_LENGTH = 548 // bytes; what every client must take: 576 less IP and UDP header (RFC 2131 §2)
const IP_UDP_HEADER = 28
const MAX_DATAGRAM = 1472 // bytes in one Ethernet frame; the kernel's client drops fragments
const REPLY_END = 1 // the end mark

const LEASE_AT = OPTIONS_AT // 51, 4, seconds
const TYPE_AT = LEASE_AT + 6 // 53, 1, type
const SERVER_ID_AT = TYPE_AT + 3 // 54, 4, address
const COMMON_AT = SERVER_ID_AT + 6

/** What a reply is: OFFER and ACK differ in one byte; the others leave fields out. */
export type ReplyForm = 'offer' | 'ack' | 'inform-ack' | 'nak' | 'bootp'

const MESSAGE_TYPES = { offer: 2, ack: 5, 'inform-ack': 5, nak: 6, bootp: 0 } as const

export interface CompiledReply {
  readonly domain: Name
  readonly network: Name
  readonly mac: number
  readonly address: number
  /** Our address on the bridge as the inventory has it; 0 when unknown until the bridge is found. */
  readonly serverId: number
  /** The reply without end mark and padding. */
  readonly template: Buffer
  /** Where the extra options begin; they are left out when a client takes no message that long. */
  readonly extrasAt: number
}

/** Compiles the reply of one reservation. */
export function compileReply(reservation: Reservation): CompiledReply {
  const { address, nextServer, mac, serverId = '0.0.0.0' } = reservation
  const own = {
    ...commonOptions(reservation),
    51: reservation.leaseSeconds,
    53: MESSAGE_TYPES.offer,
    54: serverId,
  }
  const start = formatReplyStart({ yiaddr: address, siaddr: nextServer, mac }, own)
  // The formatter writes rising codes, so 51, 53 and 54 come last: to fixed places they go.
  const dhcpAt = start.length - (COMMON_AT - LEASE_AT)
  const parts = [start.subarray(0, LEASE_AT), start.subarray(dhcpAt), start.subarray(LEASE_AT, dhcpAt)]
  if (reservation.options.length > 0) parts.push(formatOptions(extraOptions(reservation)))
  return {
    domain: reservation.domain,
    network: reservation.network,
    mac: macNumber(mac),
    address: parseIpv4(address),
    serverId: parseIpv4(serverId),
    template: Buffer.concat(parts),
    extrasAt: start.length,
  }
}

/** What compileReply could not send: replies over 548 bytes, options over 255, a mask the kernel takes for unset. */
export function checkReservation(reservation: Reservation, path: string): Problem[] {
  const problems: Problem[] = []
  const { rootPath, netmask, gateway, domain } = reservation
  if (rootPath.length > 255) {
    problems.push({
      path,
      message: `root path ${rootPath} has ${rootPath.length} bytes; DHCP carries at most 255`,
    })
  }
  if (netmask === '255.255.255.255') {
    problems.push({
      path,
      message: `domain ${domain}: a mask of 32 bits reads as unset in the kernel's client`,
    })
  }
  if (gateway !== undefined && !isIpv4(gateway)) {
    problems.push({ path, message: `gateway ${gateway} is not a dotted quad` })
  }
  const tooLong = reservation.options.find(({ value }) => typeof value === 'object' && value.length > 255)
  if (tooLong !== undefined) {
    problems.push({
      path,
      message: `option ${tooLong.code} takes more than 255 bytes with the default route`,
    })
  }
  if (problems.length > 0 || fitsSurely(reservation)) return problems
  const length = compileReply(reservation).template.length + REPLY_END
  if (length > MAX_LENGTH) {
    const message = `the DHCP reply for domain ${domain} has ${length} bytes; every client takes ${MAX_LENGTH}, so ${length - MAX_LENGTH} must go from options`
    problems.push({ path, message })
  }
  return problems
}

const MAX_WITHOUT_LISTS = OPTIONS_AT + 47 + REPLY_END // bytes: all common options, their texts and lists empty

/** Whether a reply fits by its texts and lists alone, as nearly all do: ten thousand need no compiling to be judged. */
function fitsSurely({ hostName, domainName = '', rootPath, dns, ntp, options }: Reservation): boolean {
  const texts = hostName.length + domainName.length + rootPath.length
  return options.length === 0 && MAX_WITHOUT_LISTS + texts + 4 * (dns.length + ntp.length) <= MAX_LENGTH
}

/**
 * Writes the answer to one packet.
 *
 * `serverId` is our address on the bridge it goes out of; `into` must hold 1 500 bytes.
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
  const whole = reply.template.length + echo + REPLY_END
  let at = copyTemplate(form, reply, whole <= clientMax ? reply.template.length : reply.extrasAt, into)
  patchHeader(form, packet, into)
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

/** Copies what this form has of the template; returns where the echoed options go. */
function copyTemplate(form: ReplyForm, { template }: CompiledReply, end: number, into: Buffer): number {
  switch (form) {
    case 'offer':
    case 'ack':
      template.copy(into, 0, 0, end)
      return end
    case 'inform-ack': // RFC 2131 §4.3.5: no lease time, no yiaddr
      template.copy(into, 0, 0, LEASE_AT)
      into.writeUInt32BE(0, 16)
      template.copy(into, LEASE_AT, TYPE_AT, end)
      return end - (TYPE_AT - LEASE_AT)
    case 'nak': // table 3: no address, no next server, only 53 and 54
      template.copy(into, 0, 0, LEASE_AT)
      into.fill(0, 12, 28)
      template.copy(into, LEASE_AT, TYPE_AT, COMMON_AT)
      return LEASE_AT + (COMMON_AT - TYPE_AT)
    case 'bootp': // RFC 1534 §2: no DHCP options
      template.copy(into, 0, 0, OPTIONS_AT)
      template.copy(into, OPTIONS_AT, COMMON_AT, end)
      return end - (COMMON_AT - OPTIONS_AT)
  }
}

function patchHeader(form: ReplyForm, packet: Packet, into: Buffer): void {
  into.writeUInt32BE(packet.xid, 4)
  // A relay must broadcast a NAK: the client may have the wrong address (RFC 2131 §4.3.2).
  into.writeUInt16BE(form === 'nak' && packet.giaddr !== 0 ? packet.flags | 0x8000 : packet.flags, 10)
  if (form === 'ack' || form === 'inform-ack' || form === 'bootp') into.writeUInt32BE(packet.ciaddr, 12)
  into.writeUInt32BE(packet.giaddr, 24)
  // All 16 bytes of chaddr: klibc compares them. So few are quicker by hand than by copy().
  for (let at = 28; at < 44; at++) into[at] = packet.bytes[at] ?? 0
}

function patchType(form: ReplyForm, serverId: number, into: Buffer): void {
  const typeAt = form === 'offer' || form === 'ack' ? TYPE_AT : LEASE_AT
  into[typeAt + 2] = MESSAGE_TYPES[form]
  into.writeUInt32BE(serverId, typeAt + 5)
}

function addOption(code: number, value: Uint8Array, into: Buffer, at: number): number {
  into[at] = code
  into[at + 1] = value.length
  into.set(value, at + 2)
  return at + 2 + value.length
}

function commonOptions(reservation: Reservation): WireOptions {
  const { netmask, gateway, dns, hostName, domainName, rootPath, mtu, broadcast, ntp } = reservation
  return {
    1: netmask,
    ...(gateway === undefined ? {} : { 3: [gateway] }),
    ...(dns.length === 0 ? {} : { 6: dns }),
    12: hostName,
    ...(domainName === undefined ? {} : { 15: domainName }),
    17: rootPath,
    ...(mtu === undefined ? {} : { 26: mtu }),
    28: broadcast,
    ...(ntp.length === 0 ? {} : { 42: ntp }),
  }
}

const extraOptions = (reservation: Reservation): WireOptions =>
  Object.fromEntries(reservation.options.map(({ code, value }) => [code, value]))
