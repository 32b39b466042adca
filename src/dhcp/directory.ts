import { parseCidr, parseIpv4 } from '../model/address.ts'
import type { Mac, Name } from '../model/grammar.ts'
import { macNumber } from './packet.ts'
import { networkOf, recordLength, writeNetwork } from './reply-record.ts'
import { MOST_NETWORKS, openReplyTable, type ReplyTable } from './reply-table.ts'
import type { Entry, Scope } from './respond.ts'

/** A network as the responder needs it: plain data. */
export interface ServedNetwork {
  readonly name: Name
  readonly cidr: string
  readonly bridge: string
  readonly dhcpServer?: string
  readonly mode: 'serve' | 'observe' | 'off'
}

/** Compiled replies on their way to the index: records one after the other, which number these networks from 0. */
export interface PackedReplies {
  readonly networks: readonly Name[]
  readonly records: Uint8Array<ArrayBuffer>
}

/** What changed; whatever is in `put` replaces what was there under its MAC or name. */
export interface IndexChange {
  readonly networks?: { readonly put?: readonly ServedNetwork[]; readonly drop?: readonly Name[] }
  readonly put?: PackedReplies
  readonly drop?: readonly Mac[]
}

/** All known MACs with their compiled replies. A value with a life: applyChange alters it in place. */
export interface DhcpIndex {
  readonly replies: ReplyTable
  readonly scopes: Map<Name, NumberedScope>
  /** The same by their number in the records of `replies`. */
  readonly byNumber: (NumberedScope | undefined)[]
}

type NumberedScope = { -readonly [K in keyof Scope]: Scope[K] } & { readonly number: number }

export const newIndex = (): DhcpIndex => ({ replies: openReplyTable(), scopes: new Map(), byNumber: [] })

/** What is known of a MAC; holds until the next change. */
export function findEntry({ replies, byNumber }: DhcpIndex, mac: number): Entry | undefined {
  const reply = replies.find(mac)
  const scope = reply && byNumber[reply.network]
  return scope && { reply, scope }
}

/** Takes over what changed, and nothing else. Networks first: a reply of a network nobody put is ignored. */
export function applyChange(index: DhcpIndex, change: IndexChange): void {
  for (const network of change.networks?.put ?? []) putScope(index, network)
  for (const mac of change.drop ?? []) index.replies.drop(macNumber(mac))
  if (change.put !== undefined) putReplies(index, change.put)
  for (const name of change.networks?.drop ?? []) dropScope(index, name)
}

/** Says which address of ours a network's guests reach us at; 0 when its bridge has none any more. */
export function setServerId(index: DhcpIndex, network: Name, serverId: number): void {
  const scope = index.scopes.get(network)
  if (scope !== undefined) scope.serverId = serverId
}

function putScope({ scopes, byNumber }: DhcpIndex, { name, cidr, mode, dhcpServer }: ServedNetwork): void {
  const bounds = parseCidr(cidr)
  if (bounds === undefined) throw new Error(`network ${name} with cidr ${cidr}: it was not checked`)
  const before = scopes.get(name)
  // Without dhcpServer the sockets find our address on the bridge (setServerId).
  const serverId = dhcpServer === undefined ? (before?.serverId ?? 0) : parseIpv4(dhcpServer)
  const number = before?.number ?? freeNumber(byNumber)
  const scope = { network: name, mode, first: bounds.first, last: bounds.last, serverId, number }
  scopes.set(name, scope)
  byNumber[number] = scope
}

function freeNumber(byNumber: DhcpIndex['byNumber']): number {
  const hole = byNumber.indexOf(undefined)
  const number = hole < 0 ? byNumber.length : hole
  if (number >= MOST_NETWORKS) throw new Error(`more than ${MOST_NETWORKS} networks`)
  return number
}

function putReplies({ replies, scopes }: DhcpIndex, { networks, records }: PackedReplies): void {
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength)
  const numbers = networks.map((name) => scopes.get(name)?.number)
  for (let at = 0; at < bytes.length; at += recordLength(bytes, at)) {
    const number = numbers[networkOf(bytes, at)]
    if (number === undefined) continue
    writeNetwork(bytes, at, number)
    replies.put(bytes, at)
  }
}

function dropScope({ replies, scopes, byNumber }: DhcpIndex, name: Name): void {
  const scope = scopes.get(name)
  if (scope === undefined) return
  replies.dropNetwork(scope.number)
  scopes.delete(name)
  byNumber[scope.number] = undefined
}
