import type { Name } from '../../model/grammar.ts'
import type { BootEvent, BootStage } from '../events.ts'
import { macText } from '../packet.ts'

/** A guest whose boot is told of. */
export interface BootSubject {
  readonly network: Name
  readonly domain: Name
  readonly mac: number
}

/** Boot events one after the other, five values each: network, domain, MAC, stage, time. */
export type FlatBoots = (string | number)[]

const STAGES: readonly BootStage[] = [
  'discover',
  'offer',
  'request',
  'ack',
  'nak',
  'bootp-request',
  'bootp-reply',
]

export function pushBoot(
  boots: FlatBoots,
  { network, domain, mac }: BootSubject,
  stage: BootStage,
  at: number,
): void {
  boots.push(network, domain, mac, STAGES.indexOf(stage), at)
}

/** The events that were pushed. */
export function* readBoots(boots: FlatBoots): Generator<BootEvent> {
  for (let at = 0; at + 4 < boots.length; at += 5) {
    const [network, domain, mac, stage, time] = boots.slice(at, at + 5)
    yield {
      kind: 'boot',
      at: Number(time),
      network: String(network),
      domain: String(domain),
      mac: macText(Number(mac)),
      stage: STAGES[Number(stage)] ?? 'discover',
    }
  }
}
