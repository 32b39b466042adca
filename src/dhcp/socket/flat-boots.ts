import type { Name } from '../../model/grammar.ts'
import type { BootEvent, BootStage } from '../events.ts'
import { macText } from '../packet.ts'

/** A guest whose boot is told of. */
export interface BootSubject {
  readonly network: Name
  readonly domain: Name
  readonly mac: number
}

/** Boot events as bytes, which cross threads at a fraction of the cost: a storm of boots is four for each guest. */
export interface FlatBoots {
  /** One after the other: MAC 6, time 6, stage 1, then the names of network and domain, each after its length. */
  bytes: Buffer
  used: number
}

const STAGES: readonly BootStage[] = [
  'discover',
  'offer',
  'request',
  'ack',
  'nak',
  'bootp-request',
  'bootp-reply',
]

const FIXED_LENGTH = 13

export const newFlatBoots = (): FlatBoots => ({ bytes: Buffer.allocUnsafeSlow(1 << 14), used: 0 })

/** Adds an event; `at` is in milliseconds since 1970. */
export function pushBoot(boots: FlatBoots, subject: BootSubject, stage: BootStage, at: number): void {
  const { network, domain, mac } = subject
  const end = boots.used + FIXED_LENGTH + network.length + domain.length + 2
  if (end > boots.bytes.length) boots.bytes = Buffer.concat([boots.bytes], 2 * end)
  const { bytes, used } = boots
  bytes.writeUIntBE(mac, used, 6)
  bytes.writeUIntBE(at, used + 6, 6)
  bytes[used + 12] = STAGES.indexOf(stage)
  addName(domain, bytes, addName(network, bytes, used + FIXED_LENGTH))
  boots.used = end
}

/** Takes out what was pushed, as memory that can be handed to another thread. */
export function takeBoots(boots: FlatBoots): Uint8Array<ArrayBuffer> {
  const taken = new Uint8Array(boots.bytes.subarray(0, boots.used))
  boots.used = 0
  return taken
}

/** The events that were pushed. */
export function* readBoots(taken: Uint8Array<ArrayBuffer>): Generator<BootEvent> {
  const bytes = Buffer.from(taken.buffer)
  for (let at = 0; at < bytes.length; ) {
    const networkAt = at + FIXED_LENGTH
    const domainAt = networkAt + 1 + (bytes[networkAt] ?? 0)
    yield {
      kind: 'boot',
      at: bytes.readUIntBE(at + 6, 6),
      network: nameAt(bytes, networkAt),
      domain: nameAt(bytes, domainAt),
      mac: macText(bytes.readUIntBE(at, 6)),
      stage: STAGES[bytes[at + 12] ?? 0] ?? 'discover',
    }
    at = domainAt + 1 + (bytes[domainAt] ?? 0)
  }
}

/** So few letters are quicker by hand than by write(); returns where they end. */
function addName(name: Name, into: Buffer, at: number): number {
  into[at] = name.length
  for (let letter = 0; letter < name.length; letter++) into[at + 1 + letter] = name.charCodeAt(letter)
  return at + 1 + name.length
}

const nameAt = (bytes: Buffer, at: number) => bytes.toString('latin1', at + 1, at + 1 + (bytes[at] ?? 0))
