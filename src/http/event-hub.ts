/** Something that happened, as the event stream shows it. */
export interface ServiceEvent {
  /** Counts from 1 within this process. */
  readonly id: number
  readonly type: EventType
  /** ISO 8601. */
  readonly at: string
  readonly data: Readonly<Record<string, unknown>>
}

export type EventType =
  | 'operation-begun'
  | 'operation-step'
  | 'operation-finished'
  | 'inventory-changed'
  | 'dhcp'
  | 'boot'
  /** A guest runs on a root of another, or does so no more. */
  | 'claim-breach'
  | 'claim-breach-over'

/** Everybody who watches sees everything that is published from then on. */
export interface EventHub {
  publish(type: EventType, data: Readonly<Record<string, unknown>>): void
  /** Tells `listener` of every event; returns how to stop that. */
  subscribe(listener: (event: ServiceEvent) => void): () => void
  /** What is still remembered after the event of this id, oldest first. */
  since(id: number): readonly ServiceEvent[]
  readonly listeners: number
}

const REMEMBERED = 1000 // events, for a watcher whose connection broke

/** Opens a hub; `now` is the clock. */
export function openEventHub(now: () => Date): EventHub {
  const listeners = new Set<(event: ServiceEvent) => void>()
  const past: ServiceEvent[] = []
  let last = 0
  return {
    publish(type, data) {
      const event = { id: ++last, type, at: now().toISOString(), data }
      past.push(event)
      if (past.length > REMEMBERED) past.shift()
      for (const listener of listeners) listener(event)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    since: (id) => past.filter((event) => event.id > id),
    get listeners() {
      return listeners.size
    },
  }
}
