/** The responder's thread: nothing else in the service can delay an answer. */
import { parentPort, workerData } from 'node:worker_threads'
import type { DhcpChange } from '../directory.ts'
import type { DhcpEvent } from '../events.ts'
import type { LinkOptions } from './links.ts'
import { openResponder } from './responder.ts'

export interface WorkerOptions extends LinkOptions {
  readonly followMs: number
  readonly counters: Float64Array
}

/** What the service says to the thread; `load` comes in parts before `open`. */
export type Order =
  | { readonly kind: 'load'; readonly id: number; readonly change: DhcpChange }
  | { readonly kind: 'open' }
  | { readonly kind: 'change'; readonly id: number; readonly change: DhcpChange }
  | { readonly kind: 'watch'; readonly on: boolean }
  | { readonly kind: 'close' }

/** What the thread says to the service. */
export type Report =
  | { readonly kind: 'opened'; readonly serverPort: number }
  | { readonly kind: 'changed'; readonly id: number; readonly entries: number; readonly error?: string }
  | { readonly kind: 'events'; readonly events: readonly DhcpEvent[] }

const EVENT_DELAY_MS = 20 // events travel in bundles: the hot path pays for a push to a list
const MOST_EVENTS = 20_000 // per bundle; a flood must not fill the memory

const options = workerData as WorkerOptions // serve.ts starts us with exactly this
if (parentPort === null) throw new Error('the DHCP worker runs as a thread only')
const port = parentPort

let events: DhcpEvent[] = []
const responder = openResponder({ ...options, tell })
let orders = Promise.resolve()

port.on('message', (order: Order) => {
  orders = orders.then(() => obey(order))
})

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'load':
      return acknowledge(order.id, () => responder.load(order.change))
    case 'open':
      await responder.open()
      flush()
      return report({ kind: 'opened', serverPort: responder.serverPort() })
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
  if (events.length >= MOST_EVENTS) return
  if (events.push(event) === 1) setTimeout(flush, EVENT_DELAY_MS)
}

function flush(): void {
  if (events.length === 0) return
  report({ kind: 'events', events })
  events = []
}

const report = (what: Report) => port.postMessage(what)
