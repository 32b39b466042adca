/** The responder's thread: nothing else in the service can delay an answer. */
import { parentPort, workerData } from 'node:worker_threads'
import type { DhcpChange } from '../directory.ts'
import type { DhcpEvent } from '../events.ts'
import type { LinkOptions } from './links.ts'
import { openResponder, type Responder } from './responder.ts'

export interface WorkerOptions extends LinkOptions {
  readonly followMs: number
  readonly counters: Float64Array
}

/** What the service says to the thread; `load` comes in parts before `open`. */
export type Order =
  | { readonly kind: 'load'; readonly change: DhcpChange }
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
let responder: Responder | undefined
const loads: DhcpChange[] = []
let orders = Promise.resolve()

port.on('message', (order: Order) => {
  orders = orders.then(() => obey(order))
})

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'load':
      loads.push(order.change)
      return
    case 'open':
      return open()
    case 'change':
      return change(order.id, order.change)
    case 'watch':
      return responder?.watch(order.on)
    case 'close':
      responder?.close()
      flush()
      port.close()
  }
}

async function open(): Promise<void> {
  responder = await openResponder(joined(), { ...options, tell })
  report({ kind: 'changed', id: 0, entries: responder.entries() })
  flush()
  report({ kind: 'opened', serverPort: responder.serverPort() })
}

/** All that was loaded, as one change. */
function joined(): DhcpChange {
  const networks = loads.flatMap((one) => one.networks?.put ?? [])
  const put = loads.flatMap((one) => one.put ?? [])
  loads.length = 0
  return { networks: { put: networks }, put }
}

async function change(id: number, what: DhcpChange): Promise<void> {
  try {
    await responder?.change(what)
    report({ kind: 'changed', id, entries: responder?.entries() ?? 0 })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    report({ kind: 'changed', id, entries: responder?.entries() ?? 0, error: message })
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
