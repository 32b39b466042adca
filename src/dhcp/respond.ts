/** Decides what each message of a client gets; the table of test/unit/dhcp/respond.test.ts is the whole of it. */
import { formatIpv4 } from '../model/address.ts'
import type { Ipv4, Name } from '../model/grammar.ts'
import { type Packet, readPacket } from './packet.ts'
import { formatReply, newReplyBuffer, type ReplyForm } from './replies.ts'
import type { CompiledReply } from './reply-record.ts'

export const DISCOVER = 1
export const REQUEST = 3
export const DECLINE = 4
export const RELEASE = 7
export const INFORM = 8

/** What holds for all guests of one network. */
export interface Scope {
  readonly network: Name
  readonly mode: 'serve' | 'observe' | 'off'
  /** First and last address of the network, as numbers. */
  readonly first: number
  readonly last: number
  /** Our address on its bridge; 0 while there is none. */
  readonly serverId: number
}

/** What the index holds for a known MAC. */
export interface Entry {
  readonly reply: CompiledReply
  readonly scope: Scope
}

/** Why nothing is sent. */
export type Silence =
  | 'unknown-mac'
  | 'network-off'
  | 'observed'
  | 'no-address-here'
  | 'other-network'
  | 'other-server'
  | 'foreign-address'
  | 'release'
  | 'decline'
  | 'message-type'

/** Where a reply goes: RFC 2131 §4.1. */
export type Destination =
  | { readonly kind: 'broadcast' }
  | { readonly kind: 'client'; readonly address: number }
  | { readonly kind: 'relay'; readonly address: number }

export type Decision =
  | { readonly kind: 'reply'; readonly form: ReplyForm; readonly to: Destination }
  | { readonly kind: 'silence'; readonly reason: Silence; readonly would?: ReplyForm }

export type Answer =
  | {
      readonly kind: 'reply'
      readonly form: ReplyForm
      readonly bytes: Buffer
      readonly to: { address: Ipv4; port: number }
    }
  | { readonly kind: 'silence'; readonly reason: string }

/**
 * Decides about a message of a client.
 *
 * `arrivedOn` names the network it came in on, where the socket tells; else the MAC alone says which it belongs to.
 */
export function decide(entry: Entry | undefined, packet: Packet, arrivedOn?: Name): Decision {
  if (entry === undefined) return SILENT['unknown-mac']
  const { reply, scope } = entry
  if (scope.mode === 'off') return SILENT['network-off']
  if (!isOwnNetwork(scope, packet, arrivedOn)) return SILENT['other-network']
  const decision = decideForm(reply, scope, packet)
  if (decision.kind === 'silence') return decision
  if (scope.mode === 'observe') return { kind: 'silence', reason: 'observed', would: decision.form }
  return scope.serverId === 0 ? SILENT['no-address-here'] : decision
}

/** Reads, decides and formats in one go; the socket does the same three steps into a ring of buffers. */
export function respond(
  find: (mac: number) => Entry | undefined,
  bytes: Buffer,
  ports: { readonly server: number; readonly client: number } = { server: 67, client: 68 },
): Answer {
  const packet = readPacket(bytes)
  if ('drop' in packet) return { kind: 'silence', reason: packet.drop }
  const entry = find(packet.mac)
  const decision = decide(entry, packet)
  if (decision.kind === 'silence' || entry === undefined) {
    return { kind: 'silence', reason: decision.kind === 'silence' ? decision.reason : 'unknown-mac' }
  }
  const into = newReplyBuffer()
  const length = formatReply(decision.form, entry.reply, entry.scope.serverId, packet, into)
  return {
    kind: 'reply',
    form: decision.form,
    bytes: into.subarray(0, length),
    to: {
      address: destinationText(decision.to),
      port: decision.to.kind === 'relay' ? ports.server : ports.client,
    },
  }
}

export const destinationText = (to: Destination): Ipv4 =>
  to.kind === 'broadcast' ? '255.255.255.255' : formatIpv4(to.address)

function decideForm(reply: CompiledReply, scope: Scope, packet: Packet): Decision {
  switch (packet.type) {
    case 0:
      return answer('bootp', reply, packet)
    case DISCOVER:
      return answer('offer', reply, packet)
    case REQUEST:
      return decideRequest(reply, scope, packet)
    case INFORM:
      return decideInform(scope, packet)
    case RELEASE:
      return isForUs(scope, packet) ? SILENT.release : SILENT['other-server']
    case DECLINE:
      return isForUs(scope, packet) ? SILENT.decline : SILENT['other-server']
    default:
      return SILENT['message-type']
  }
}

/** The kernel's client after an OFFER whose ACK never came: it asks for 255.255.255.255 for ever. */
const STUCK = 0xffffffff

/** RFC 2131 §4.3.2: SELECTING, INIT-REBOOT, RENEWING and REBINDING, told apart by what is filled in. */
function decideRequest(reply: CompiledReply, scope: Scope, packet: Packet): Decision {
  if (!isForUs(scope, packet) && packet.requested !== STUCK) return SILENT['other-server']
  const isWrong =
    (packet.requested !== undefined && packet.requested !== reply.address) ||
    (packet.ciaddr !== 0 && packet.ciaddr !== reply.address)
  return answer(isWrong ? 'nak' : 'ack', reply, packet)
}

const isForUs = (scope: Scope, { serverId }: Packet) => serverId === undefined || serverId === scope.serverId

/** RFC 2131 §4.3.5: to the address the client says it has, if that is one of its network. */
function decideInform(scope: Scope, { ciaddr }: Packet): Decision {
  if (ciaddr <= scope.first || ciaddr >= scope.last) return SILENT['foreign-address']
  return { kind: 'reply', form: 'inform-ack', to: { kind: 'client', address: ciaddr } }
}

/** RFC 2131 §4.1; always broadcast to a client without address, which every client takes and needs no raw socket. */
function answer(form: ReplyForm, { address }: CompiledReply, { giaddr, ciaddr }: Packet): Decision {
  if (giaddr !== 0) return { kind: 'reply', form, to: { kind: 'relay', address: giaddr } }
  // Never to a ciaddr that is not this guest's: it may be forged.
  if (form !== 'nak' && ciaddr === address) return { kind: 'reply', form, to: { kind: 'client', address } }
  return { kind: 'reply', form, to: BROADCAST }
}

/** A relay speaks for the network its own address is in, or the one it names (RFC 3527: option 82, sub-option 5). */
function isOwnNetwork(scope: Scope, packet: Packet, arrivedOn: Name | undefined): boolean {
  if (packet.giaddr === 0) return arrivedOn === undefined || arrivedOn === scope.network
  const link = packet.relayInfo === undefined ? packet.giaddr : linkOf(packet.relayInfo, packet.giaddr)
  return link >= scope.first && link <= scope.last
}

function linkOf(relayInfo: Uint8Array, giaddr: number): number {
  for (let at = 0; at + 1 < relayInfo.length; at += 2 + (relayInfo[at + 1] ?? 0)) {
    if (relayInfo[at] !== 5 || relayInfo[at + 1] !== 4 || at + 6 > relayInfo.length) continue
    return Buffer.from(relayInfo.buffer, relayInfo.byteOffset + at + 2, 4).readUInt32BE(0)
  }
  return giaddr
}

const BROADCAST: Destination = { kind: 'broadcast' }

const silence = (reason: Silence): Decision => ({ kind: 'silence', reason })

const SILENT: Record<Silence, Decision> = {
  'unknown-mac': silence('unknown-mac'),
  'network-off': silence('network-off'),
  observed: silence('observed'),
  'no-address-here': silence('no-address-here'),
  'other-network': silence('other-network'),
  'other-server': silence('other-server'),
  'foreign-address': silence('foreign-address'),
  release: silence('release'),
  decline: silence('decline'),
  'message-type': silence('message-type'),
}
