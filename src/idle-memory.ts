import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const FIRST_MS = 5_000
const LOOK_EVERY_MS = 30_000
const GROWN_BYTES = 32 << 20

type CollectGarbage = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/**
 * Gives memory back to the system until the returned function is called.
 *
 * V8 keeps the room that loading the program, or a large plan, has taken: a third of an idle service. Collecting
 * it takes about a tenth of a second, in which the API waits; the DHCP responder, in its own thread, does not.
 */
export function keepMemorySmall(): () => void {
  setFlagsFromString('--expose-gc') // a flag of contexts: the next one that is made has gc()
  const collect = runInNewContext('gc') as CollectGarbage
  let settled = 0
  const look = () => {
    if (process.memoryUsage.rss() < settled + GROWN_BYTES) return
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    settled = process.memoryUsage.rss()
  }
  const first = setTimeout(look, FIRST_MS).unref()
  const timer = setInterval(look, LOOK_EVERY_MS).unref()
  return () => {
    clearTimeout(first)
    clearInterval(timer)
  }
}
