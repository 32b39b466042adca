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
  /** Told of what cannot be but for a bug of ours. */
  readonly fault: (error: unknown) => void
}

const SLOTS = 1024 // as many replies may wait for a socket that cannot send at once
const MOST_WAITING = 64 // per turn: more than libuv reads in one go
const ASK_EVERY = 64 // to be told of each outcome costs 7 % of the whole exchange

/**
 * Sends replies from a ring of buffers, all of one turn of the event loop together: a receiver is woken once for many,
 * and asks for many more at once.
 *
 * Slots are taken again at once when the system took their datagrams, which it nearly always does: so replies are
 * formatted into memory that is in the processor's cache. Errors are asked for now and then, and for each
 * datagram once one has failed.
 */
export function openSender(options: SenderOptions) {
  const ring = Array.from({ length: SLOTS }, newSlot)
  let first = 0 // slot of the first reply that waits for the end of this turn
  let waiting = 0
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

  const slotAt = (place: number): Slot => ring[(first + place) % SLOTS] ?? newSlot()

  function transmit({ link, to, type }: Waiting, bytes: Buffer): boolean {
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
    return socket.getSendQueueCount() > 0
  }

  function flush(): void {
    const count = waiting
    let isInUse = false
    for (let place = 0; place < count; place++) {
      const slot = slotAt(place)
      const reply = slot.waiting
      if (reply === undefined) continue
      try {
        isInUse = transmit(reply, beginning(slot, reply.length)) || isInUse
      } catch (error) {
        options.failed(reply.type)
        if (!isClosed(error)) options.fault(error)
      }
    }
    waiting = 0
    if (isInUse) first = (first + count) % SLOTS
  }

  return {
    /** Where the next reply is to be formatted. */
    buffer(): Buffer {
      if (waiting === MOST_WAITING) flush()
      return slotAt(waiting).bytes
    },

    /** Sends the first bytes of that buffer; `type` is the option 53 of the request. */
    send(link: Link, length: number, to: Destination, type: number): void {
      slotAt(waiting).waiting = { link, length, to, type }
      if (waiting++ === 0) setImmediate(flush)
    },
  }
}

/** The socket's network was closed in the very turn of the reply. */
const isClosed = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === 'ERR_SOCKET_DGRAM_NOT_RUNNING'

/** A reply that waits in a slot. */
interface Waiting {
  readonly link: Link
  readonly length: number
  readonly to: Destination
  readonly type: number
}

interface Slot {
  readonly bytes: Buffer
  /** Its first so many bytes, by their number: replies have few lengths, and a new view of each costs 150 ns. */
  readonly views: Map<number, Buffer>
  waiting: Waiting | undefined
}

const newSlot = (): Slot => ({ bytes: newReplyBuffer(), views: new Map(), waiting: undefined })

function beginning({ bytes, views }: Slot, length: number): Buffer {
  const known = views.get(length)
  if (known !== undefined) return known
  const view = bytes.subarray(0, length)
  views.set(length, view)
  return view
}
