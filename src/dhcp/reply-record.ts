/**
 * Compiled replies as bytes: a hundred thousand take little memory, cross to the responder's thread in one piece and
 * are found in the processor's cache.
 *
 * A record: MAC 6, address 4, next server 4, network 2, length of the options 2, of those before the extra ones 2,
 * length of the name 1, stages of the boot 1, its start in seconds since 1970 4; then the options and the domain's name.
 */
import type { Name } from '../model/grammar.ts'
import type { BootProgress } from './boot-stages.ts'
import type { CompiledOptions } from './compile.ts'

const ADDRESS_AT = 6
const NEXT_SERVER_AT = 10
const NETWORK_AT = 14
const LENGTH_AT = 16
const LENGTH_WITHOUT_EXTRAS_AT = 18
const NAME_LENGTH_AT = 20
const STAGES_AT = 21
const STARTED_AT = 22
const BODY_AT = 26

/** What one guest is told, apart from its options. */
export interface ReplySubject {
  readonly domain: Name
  readonly mac: number
  readonly address: number
  readonly nextServer: number
  /** Which of the networks that the records are sent with. */
  readonly network: number
}

/** A record as the answer to a packet needs it. Holds until the next record is put into its table. */
export interface CompiledReply {
  readonly address: number
  readonly nextServer: number
  readonly network: number
  readonly bytes: Buffer
  /** Where the record begins in `bytes`; then its options, those of them that short replies leave out, and their end. */
  readonly at: number
  readonly optionsAt: number
  readonly extrasAt: number
  readonly endAt: number
}

export function formatRecord(subject: ReplySubject, { options, extrasAt }: CompiledOptions): Buffer {
  const { domain, mac, address, nextServer, network } = subject
  const record = Buffer.allocUnsafe(BODY_AT + options.length + domain.length)
  record.writeUIntBE(mac, 0, 6)
  record.writeUInt32BE(address, ADDRESS_AT)
  record.writeUInt32BE(nextServer, NEXT_SERVER_AT)
  record.writeUInt16BE(network, NETWORK_AT)
  record.writeUInt16BE(options.length, LENGTH_AT)
  record.writeUInt16BE(extrasAt, LENGTH_WITHOUT_EXTRAS_AT)
  record[NAME_LENGTH_AT] = domain.length
  record.fill(0, STAGES_AT, BODY_AT)
  record.set(options, BODY_AT)
  record.write(domain, BODY_AT + options.length, 'latin1') // names are ASCII (model/grammar.ts)
  return record
}

export function readRecord(bytes: Buffer, at: number): CompiledReply {
  const optionsAt = at + BODY_AT
  return {
    address: bytes.readUInt32BE(at + ADDRESS_AT),
    nextServer: bytes.readUInt32BE(at + NEXT_SERVER_AT),
    network: bytes.readUInt16BE(at + NETWORK_AT),
    bytes,
    at,
    optionsAt,
    extrasAt: optionsAt + bytes.readUInt16BE(at + LENGTH_WITHOUT_EXTRAS_AT),
    endAt: optionsAt + bytes.readUInt16BE(at + LENGTH_AT),
  }
}

export const recordLength = (bytes: Buffer, at: number) =>
  BODY_AT + bytes.readUInt16BE(at + LENGTH_AT) + (bytes[at + NAME_LENGTH_AT] ?? 0)

export const macOf = (bytes: Buffer, at: number) =>
  bytes.readUInt16BE(at) * 0x100000000 + bytes.readUInt32BE(at + 2)

export const networkOf = (bytes: Buffer, at: number) => bytes.readUInt16BE(at + NETWORK_AT)

export const writeNetwork = (bytes: Buffer, at: number, network: number) =>
  bytes.writeUInt16BE(network, at + NETWORK_AT)

export const domainOf = ({ bytes, at, endAt }: CompiledReply): Name =>
  bytes.toString('latin1', endAt, endAt + (bytes[at + NAME_LENGTH_AT] ?? 0))

/** How far the guest's boot is known to have come. */
export const readProgress = ({ bytes, at }: CompiledReply): BootProgress => ({
  stages: bytes[at + STAGES_AT] ?? 0,
  startedAt: bytes.readUInt32BE(at + STARTED_AT) * 1000,
})

export function writeProgress({ bytes, at }: CompiledReply, { stages, startedAt }: BootProgress): void {
  bytes[at + STAGES_AT] = stages
  bytes.writeUInt32BE(Math.floor(startedAt / 1000), at + STARTED_AT)
}
