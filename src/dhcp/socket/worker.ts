/** The responder's thread: nothing else in the service can delay an answer. */
import { parentPort, workerData } from 'node:worker_threads'
import type { IndexChange } from '../directory.ts'
import type { BootStage, DhcpEvent } from '../events.ts'
import { type BootSubject, newFlatBoots, pushBoot, takeBoots } from './flat-boots.ts'
import type { LinkOptions } from './links.ts'
import { openResponder } from './responder.ts'

export interface WorkerOptions extends LinkOptions {
  readonly followMs: number
  readonly counters: Float64Array
}

/** Orders the thread acknowledges: `open` with the networks, `load` with a part of the guests, `loaded`, `change`. */
export type OrderWithAnswer = 'open' | 'load' | 'loaded' | 'change'

/** What the service says to the thread. */
export type Order =
  | { readonly kind: OrderWithAnswer; readonly id: number; readonly change: IndexChange }
  | { readonly kind: 'watch'; readonly on: boolean }
  | { readonly kind: 'close' }

/** What the thread says to the service. */
export type Report =
  | { readonly kind: 'opened'; readonly serverPort: number }
  | { readonly kind: 'changed'; readonly id: number; readonly entries: number; readonly error?: string }
  | { readonly kind: 'events'; readonly events: readonly DhcpEvent[] }
  /** Boot events for readBoots. */
  | { readonly kind: 'boots'; readonly boots: Uint8Array<ArrayBuffer> }

const EVENT_DELAY_MS = 20 // events travel in bundles: the hot path pays for a push to a list
const MOST_EVENTS = 100_000 // per bundle; a flood must not fill the memory
const MOST_BOOT_BYTES = 16 << 20

const options = workerData as WorkerOptions // serve.ts starts us with exactly this
if (parentPort === null) throw new Error('the DHCP worker runs as a thread only')
const port = parentPort

const boots = newFlatBoots()
let events: DhcpEvent[] = []
let isFlushing = false
const responder = openResponder({ ...options, tell, reached })
let orders = Promise.resolve()

port.on('message', (order: Order) => {
  orders = orders.then(() => obey(order))
})

/** Lets packets in between: while parts come, the loop hands them on without looking at the sockets. */
const nextTurn = () => new Promise<void>((done) => setImmediate(done))

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'open':
      return acknowledge(order.id, async () => {
        await responder.open(order.change)
        flush()
        report({ kind: 'opened', serverPort: responder.serverPort() })
      })
    case 'load':
      await acknowledge(order.id, () => responder.load(order.change))
      return nextTurn()
    case 'loaded':
      return acknowledge(order.id, () => responder.loaded())
    case 'change':
      return acknowledge(order.id, () => responder.change(order.change))
    case 'watch':
      return responder.watch(order.on)
    case 'close':
      responder.close()
      flush()
      port.close()
  }
}

async function acknowledge(id: number, work: () => void | Promise<void>): Promise<void> {
  try {
    await work()
    report({ kind: 'changed', id, entries: responder.entries() })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    report({ kind: 'changed', id, entries: responder.entries(), error: message })
  }
}

function tell(event: DhcpEvent): void {
  if (events.length < MOST_EVENTS) events.push(event)
  flushSoon()
}

function reached(guest: BootSubject, stage: BootStage): void {
  if (boots.used < MOST_BOOT_BYTES) pushBoot(boots, guest, stage, Date.now())
  flushSoon()
}

function flushSoon(): void {
  if (isFlushing) return
  isFlushing = true
  setTimeout(flush, EVENT_DELAY_MS)
}

function flush(): void {
  isFlushing = false
  if (boots.used > 0) {
    const taken = takeBoots(boots)
    port.postMessage({ kind: 'boots', boots: taken } satisfies Report, [taken.buffer])
  }
  if (events.length > 0) report({ kind: 'events', events })
  events = []
}

const report = (what: Report) => port.postMessage(what)
