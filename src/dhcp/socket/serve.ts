import { Worker } from 'node:worker_threads'
import { DomusError, describeError } from '../../errors.ts'
import type { Ipv4, Name } from '../../model/grammar.ts'
import { compileChange, type DhcpChange } from '../change.ts'
import { type MessageCount, newCounters, readCounters } from '../counters.ts'
import type { IndexChange } from '../directory.ts'
import type { DhcpEvent, NetworkEvent, PacketEvent, RivalEvent } from '../events.ts'
import { readBoots } from './flat-boots.ts'
import type { Order, OrderWithAnswer, Report, WorkerOptions } from './worker.ts'

export interface DhcpServiceOptions {
  /** The whole inventory, at the start and again should the thread have to be started anew. */
  readonly source: () => DhcpChange | Promise<DhcpChange>
  /** 67 and 68 when absent; server 0 takes any free one. */
  readonly ports?: { readonly server: number; readonly client: number }
  /** 255.255.255.255 when absent; 127.255.255.255 plays a network on the loopback interface. */
  readonly broadcastAddress?: Ipv4
  /** Our address on a network, where it is not to be looked for. */
  readonly bindAddresses?: Readonly<Record<Name, Ipv4>>
  /** Descriptors bound to a bridge by somebody else, such as systemd (BindToDevice=). */
  readonly inheritedFds?: Readonly<Record<Name, number>>
  /** How often bridges and addresses are looked at; 1 000 ms when absent. */
  readonly followMs?: number
  readonly onEvent?: (event: DhcpEvent) => void
}

export interface DhcpStats {
  readonly messages: readonly MessageCount[]
  /** How many MACs are known. */
  readonly entries: number
  readonly networks: readonly NetworkEvent[]
  readonly rivals: readonly RivalEvent[]
}

export interface DhcpService {
  readonly ports: { readonly server: number; readonly client: number }
  /** Resolves when the change is in force. */
  update(change: DhcpChange): Promise<void>
  /** Packets one by one until the returned function is called. */
  watch(listener: (packet: PacketEvent) => void): () => void
  /** At once, without asking the thread. */
  stats(): DhcpStats
  close(): Promise<void>
}

const LOAD_PART = 1_000 // reservations that cross to the thread in one go
const RESTART_MS = 1_000
const YOUNG_MB = 8 // what a packet leaves behind is gone with the next one: a large nursery only takes memory

/**
 * Starts the DHCP responder in a thread of its own.
 *
 * Resolves when the index is loaded and the sockets were tried. What could not be opened is an event of kind
 * `network`, and is tried again.
 */
export async function serveDhcp(options: DhcpServiceOptions): Promise<DhcpService> {
  const ports = options.ports ?? { server: 67, client: 68 }
  const settings: WorkerOptions = {
    serverPort: ports.server,
    clientPort: ports.client,
    broadcastAddress: options.broadcastAddress ?? '255.255.255.255',
    bindAddresses: options.bindAddresses ?? {},
    inheritedFds: options.inheritedFds ?? {},
    followMs: options.followMs ?? 1_000,
    counters: newCounters(),
  }
  const networks = new Map<Name, NetworkEvent>()
  const rivals = new Map<string, RivalEvent>()
  const watchers = new Set<(packet: PacketEvent) => void>()
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()
  let entries = 0
  let lastId = 0
  let serverPort = ports.server
  let isOpen = false
  let isClosing = false
  let { worker, loaded } = start()

  /** A thread; `loaded` resolves when it has the whole inventory. */
  function start() {
    const thread = new Worker(workerFile(), {
      workerData: settings,
      name: 'domus-dhcp',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    thread.on('message', hear)
    let cause: unknown
    thread.on('error', (error) => {
      cause = error
      tell(warning(`the DHCP thread failed: ${describeError(error)}`))
    })
    thread.on('exit', () => lost(cause))
    return { worker: thread, loaded: load(thread) }
  }

  /**
   * Opens the sockets, then sends the reservations in parts, never more than two on their way: the first guests
   * are answered while the others are still to come.
   */
  async function load(thread: Worker): Promise<void> {
    const all = await options.source()
    await order(thread, 'open', { networks: { put: all.networks?.put ?? [] } })
    if (watchers.size > 0) post(thread, { kind: 'watch', on: true })
    let before = Promise.resolve()
    for (const put of parts(all.put ?? [], LOAD_PART)) {
      const current = order(thread, 'load', compileChange({ put }))
      current.catch(() => undefined) // awaited in the next round, unless that never comes
      await before
      before = current
    }
    await before
    await order(thread, 'loaded', {})
  }

  /** Resolves when the thread has done it. */
  function order(thread: Worker, kind: OrderWithAnswer, change: IndexChange): Promise<void> {
    const id = ++lastId
    const done = Promise.withResolvers<void>()
    waiting.set(id, done)
    post(thread, { kind, id, change })
    return done.promise
  }

  function hear(report: Report): void {
    switch (report.kind) {
      case 'opened':
        serverPort = report.serverPort
        return
      case 'changed':
        entries = report.entries
        if (report.error === undefined) waiting.get(report.id)?.resolve()
        else waiting.get(report.id)?.reject(new DomusError('internal', `DHCP index: ${report.error}`))
        waiting.delete(report.id)
        return
      case 'events':
        for (const event of report.events) tell(event)
        return
      case 'boots':
        if (options.onEvent === undefined) return
        for (const event of readBoots(report.boots)) options.onEvent(event)
    }
  }

  function tell(event: DhcpEvent): void {
    if (event.kind === 'network') networks.set(event.network, event)
    if (event.kind === 'rival') rivals.set(`${event.network} ${event.server}`, event)
    if (event.kind === 'packet') for (const watcher of watchers) watcher(event)
    else options.onEvent?.(event)
  }

  /** The thread ended: on purpose, or it is started again. */
  function lost(cause: unknown): void {
    const error = new DomusError('internal', 'the DHCP thread ended', { cause })
    for (const { resolve, reject } of waiting.values()) isClosing ? resolve() : reject(error)
    waiting.clear()
    if (isOpen && !isClosing) setTimeout(restart, RESTART_MS)
  }

  function restart(): void {
    if (isClosing) return
    ;({ worker, loaded } = start())
    loaded.catch(() => undefined) // told by the events of the thread; lost() tries again
  }

  await loaded
  isOpen = true

  return {
    ports: { server: serverPort, client: ports.client },
    async update(change) {
      await loaded // what is being loaded is older
      if (change.networks?.drop !== undefined) for (const name of change.networks.drop) networks.delete(name)
      await order(worker, 'change', compileChange(change))
    },
    watch(listener) {
      watchers.add(listener)
      post(worker, { kind: 'watch', on: true })
      return () => {
        watchers.delete(listener)
        if (watchers.size === 0) post(worker, { kind: 'watch', on: false })
      }
    },
    stats: () => ({
      messages: readCounters(settings.counters),
      entries,
      networks: [...networks.values()],
      rivals: [...rivals.values()],
    }),
    async close() {
      if (isClosing) return
      isClosing = true
      const ended = new Promise((resolve) => worker.once('exit', resolve))
      post(worker, { kind: 'close' })
      await ended
    },
  }
}

function* parts<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let part: T[] = []
  for (const item of items) {
    if (part.push(item) < size) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}

function post(thread: Worker, order: Order): void {
  const records = 'change' in order ? order.change.put?.records : undefined
  thread.postMessage(order, records === undefined ? [] : [records.buffer]) // handed over, not copied
}

const warning = (message: string): DhcpEvent => ({ kind: 'warning', at: Date.now(), message })

/** Type stripping runs the .ts file; the packed program has a .js file in the same place. */
const workerFile = () =>
  new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
