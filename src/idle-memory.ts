import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Gives memory back to the system when there is nothing to do. */
export interface IdleMemory {
  /** Something was done: look again when it has been quiet for a while. */
  touch(): void
  close(): void
}

const QUIET_MS = 5_000

type CollectGarbage = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/**
 * V8 keeps the room that loading the program, or a large plan, has taken: a third of an idle service. Collecting
 * it takes about a tenth of a second, in which the API waits; the DHCP responder, in its own thread, does not.
 */
export function openIdleMemory(): IdleMemory {
  setFlagsFromString('--expose-gc') // a flag of contexts: the next one that is made has gc()
  const collect = runInNewContext('gc') as CollectGarbage
  const timer = setTimeout(
    () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
    QUIET_MS,
  )
  timer.unref()
  return { touch: () => void timer.refresh(), close: () => clearTimeout(timer) }
}
