import type { HostNumber } from '../settings.ts'
import { guestConsoleLog, type Lab } from '../start-lab.ts'
import { arrivalLog } from './guest.ts'

/** The guest's console as it was on the host that started it, and from its arrival on the other. */
export async function consolesOf(lab: Lab, name: string, [from, to]: readonly [HostNumber, HostNumber]) {
  const texts = await Promise.all([
    lab.must(from, ['cat', guestConsoleLog(name)]),
    lab.must(to, ['cat', arrivalLog(name)]),
  ])
  return texts.map((text) => text.replaceAll('\r', '')).join('')
}

/**
 * What a guest has counted on its console, in order. One that was moved goes on where it was, to the very number; one
 * that was started anew begins again.
 */
export const ticksIn = (console: string): readonly number[] =>
  [...console.matchAll(/^DOMUS-GUEST tick (\d+)$/gm)].map(([, tick]) => Number(tick))

/** Where the count is not one more than before: pairs of what came before and after. */
export const gapsIn = (ticks: readonly number[]): readonly (readonly [number, number])[] =>
  ticks
    .slice(1)
    .map((tick, index) => [ticks[index] ?? 0, tick] as const)
    .filter(([before, after]) => after !== before + 1)

/** What the NFS client has complained of, other than a server that was slow to answer. */
export const nfsTroubleIn = (console: string): readonly string[] =>
  console
    .split('\n')
    .filter(
      (line) =>
        /\b(nfs|rpc|sunrpc|lockd)\b/i.test(line) && /error|fail|stale|timed out|EIO|refus/i.test(line),
    )

/** The last number that a guest has written into its root, and the seconds since its boot. */
export async function writtenTick(
  lab: Lab,
  image: string,
): Promise<{ readonly tick: number; readonly uptime: number }> {
  const [tick, uptime] = (await lab.must(1, ['cat', `/srv/xen/images/${image}/var/tick`])).trim().split(' ')
  return { tick: Number(tick), uptime: Number(uptime) }
}
