import { formatIpv4 } from '../../model/address.ts'
import type { Ipv4 } from '../../model/grammar.ts'
import { newReplyBuffer } from '../replies.ts'
import type { Destination } from '../respond.ts'
import type { Link } from './links.ts'

export interface SenderOptions {
  readonly clientPort: number
  readonly broadcastAddress: Ipv4
  readonly serverPort: () => number
  /** Told of messages that could not be sent, with the option 53 of their request. */
  readonly failed: (type: number) => void
}

const SLOTS = 1024 // as many replies may wait for a socket that cannot send at once
const ASK_EVERY = 64 // to be told of each outcome costs 7 % of the whole exchange

/**
 * Sends replies from a ring of buffers.
 *
 * A slot is taken again at once when the system took the datagram, which it nearly always does: so replies are
 * formatted into memory that is in the processor's cache. Errors are asked for now and then, and for each
 * datagram once one has failed.
 */
export function openSender(options: SenderOptions) {
  const ring = Array.from({ length: SLOTS }, newSlot)
  let slot = 0
  let sends = 0
  let isFailing = false
  let lastRelay = 0
  let lastRelayText = ''

  const outcomeOf = (type: number) => (error: Error | null) => {
    isFailing = error !== null
    if (error !== null) options.failed(type)
  }

  /** Relays are few: the same one asks again and again. */
  function relayText(address: number): Ipv4 {
    if (address !== lastRelay) {
      lastRelay = address
      lastRelayText = formatIpv4(address)
    }
    return lastRelayText
  }

  const slotNow = (): Slot => ring[slot] ?? newSlot()

  return {
    /** Where the next reply is to be formatted. */
    buffer: (): Buffer => slotNow().bytes,

    /** Sends the first bytes of that buffer; `type` is the option 53 of the request. */
    send(link: Link, length: number, to: Destination, type: number): void {
      const bytes = beginning(slotNow(), length)
      const outcome = isFailing || sends++ % ASK_EVERY === 0 ? outcomeOf(type) : undefined
      const socket = to.kind === 'broadcast' ? link.broadcast : link.unicast
      if (to.kind === 'relay') {
        socket.send(bytes, options.serverPort(), relayText(to.address), outcome)
      } else if (to.kind === 'client') {
        socket.send(bytes, options.clientPort, formatIpv4(to.address), outcome)
      } else if (link.isConnected) {
        socket.send(bytes, outcome)
      } else {
        socket.send(bytes, options.clientPort, options.broadcastAddress, outcome)
      }
      if (socket.getSendQueueCount() > 0) slot = (slot + 1) % SLOTS
    },
  }
}

interface Slot {
  readonly bytes: Buffer
  /** Its first so many bytes, by their number: replies have few lengths, and a new view of each costs 150 ns. */
  readonly views: Map<number, Buffer>
}

const newSlot = (): Slot => ({ bytes: newReplyBuffer(), views: new Map() })

function beginning({ bytes, views }: Slot, length: number): Buffer {
  const known = views.get(length)
  if (known !== undefined) return known
  const view = bytes.subarray(0, length)
  views.set(length, view)
  return view
}
