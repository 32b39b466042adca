import type { ClientModel, Outcome } from '../../../../src/dhcp/clients/client.ts'
import { COOKIE, quad } from '../builders.ts'

export const caller = { mac: '00:16:3e:00:00:01', xid: 7 }
export const text = (value: string) => [...Buffer.from(value, 'latin1')]
export const root = (path: string) => [17, path.length, ...text(path)]

export interface ReplyFields {
  readonly xid?: number
  readonly mac?: string
  readonly yiaddr?: string
  readonly siaddr?: string
  /** Sixteenth byte of chaddr. */
  readonly chaddrEnd?: number
  /** What follows the cookie. */
  readonly tail?: readonly number[]
}

/** A reply as bytes; its options as they are given, end mark and all. */
export function reply(fields: ReplyFields): Buffer {
  const { xid = 7, mac = caller.mac, yiaddr = '10.0.0.5', siaddr = '10.0.0.1', tail = [] } = fields
  const head = Buffer.alloc(236)
  head.set([2, 1, 6, 0])
  head.writeUInt32BE(xid, 4)
  head.set(quad(yiaddr), 16)
  head.set(quad(siaddr), 20)
  head.write(mac.replaceAll(':', ''), 28, 'hex')
  head[43] = fields.chaddrEnd ?? 0
  return Buffer.concat([head, Buffer.from([...COOKIE, ...tail])])
}

/** Lets a client hear these replies one after the other, then silence. */
export function hear(
  model: ClientModel,
  replies: readonly Buffer[],
): { sent: Buffer[]; outcome: Outcome | undefined } {
  const exchange = model(caller)
  const sent: Buffer[] = []
  let step = exchange.next()
  for (const one of [...replies, undefined]) {
    if (step.done) return { sent, outcome: step.value }
    sent.push(step.value)
    step = exchange.next(one)
  }
  return { sent, outcome: step.done ? step.value : undefined }
}

export function bound(model: ClientModel, replies: readonly Buffer[]) {
  const { outcome } = hear(model, replies)
  if (outcome?.kind !== 'bound') throw new Error(outcome?.why ?? 'nothing')
  return outcome.reading
}
