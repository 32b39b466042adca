import { randomUUID } from 'node:crypto'
import type { Name } from '../model/grammar.ts'
import { addBootEvents, type BootEvent, lastBoot, listBootEvents } from '../store/boot-events.ts'
import type { Store } from '../store/store.ts'

/** What somebody saw of a boot, who does not know which boot it was. */
export interface BootSign {
  readonly domain: Name
  readonly stage: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly detail?: string
}

/** Writes signs of boots to the store, each with the boot it belongs to. */
export interface BootLog {
  note(sign: BootSign): void
  /** Writes what is left. */
  close(): Promise<void>
}

const WRITE_AFTER_MS = 250 // a storm of boots must not become a storm of transactions
const SAME_BOOT_MS = 3 * 60_000 // after so long without a sign, the next one is of another boot

interface Current {
  readonly boot: string
  readonly stages: Set<string>
  lastAt: number
}

/** Opens a log; `written` is told of each event once it is stored. */
export function openBootLog(
  store: Store,
  { written, fault }: { written(event: BootEvent): void; fault(error: unknown): void },
): BootLog {
  const current = new Map<Name, Current>()
  let waiting: BootSign[] = []
  let timer: NodeJS.Timeout | undefined
  let writes = Promise.resolve()

  const write = async () => {
    timer = undefined
    const signs = waiting
    waiting = []
    const events: BootEvent[] = []
    for (const sign of signs) events.push(await eventOf(store, current, sign))
    await addBootEvents(store, events)
    for (const event of events) written(event)
  }
  const flush = () => {
    writes = writes.then(write).catch(fault)
    return writes
  }
  return {
    note(sign) {
      waiting.push(sign)
      timer ??= setTimeout(() => void flush(), WRITE_AFTER_MS) // never rejects
    },
    async close() {
      clearTimeout(timer)
      await flush()
    },
  }
}

async function eventOf(store: Store, current: Map<Name, Current>, sign: BootSign): Promise<BootEvent> {
  const { domain, stage, at, detail } = sign
  let known = current.get(domain)
  if (known === undefined || !isOf(known, sign)) {
    const stored = await storedBoot(store, domain)
    known =
      stored !== undefined && isOf(stored, sign)
        ? stored
        : { boot: randomUUID(), stages: new Set(), lastAt: at }
    current.set(domain, known)
  }
  known.stages.add(stage)
  known.lastAt = at
  return {
    domain,
    boot: known.boot,
    stage,
    at: new Date(at).toISOString(),
    ...(detail !== undefined && { detail }),
  }
}

/** A boot reaches each stage once, and does not rest for long. */
const isOf = ({ stages, lastAt }: Current, { stage, at }: BootSign) =>
  !stages.has(stage) && at - lastAt < SAME_BOOT_MS

/** The boot that was written of last, perhaps by somebody else: the console is followed, too. */
async function storedBoot(store: Store, domain: Name): Promise<Current | undefined> {
  const boot = await lastBoot(store, domain)
  if (boot === undefined) return undefined
  const events = await listBootEvents(store, domain, { boot })
  const stages = new Set(events.map(({ stage }) => stage))
  return { boot, stages, lastAt: Date.parse(events.at(-1)?.at ?? '') }
}
