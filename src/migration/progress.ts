/** What the program that migrates a guest has told so far. */
export interface MigrationLog {
  /** `standing`: the guest is suspended, its last pages follow; `ending`: it runs on the target. */
  readonly phase: 'connecting' | 'copying' | 'standing' | 'ending'
  /** Seconds that memory has been copied for; all of them once it has arrived. */
  readonly copySeconds: number
  /** Seconds that the guest stood still, once it runs again. */
  readonly downtimeSeconds: number | undefined
  /** Seconds from the first word to the last. */
  readonly seconds: number
  /** All of the guest has arrived at the target. */
  readonly hasArrived: boolean
  /** The target was seen to start the guest. */
  readonly hasStarted: boolean
}

/**
 * Reads what `xl -vvv migrate` has said so far: lines `SECONDS TEXT`, with the uptime of the host before each, as
 * machine/detached.ts writes them. It tells nothing of how much it has copied.
 *
 * @see tools/xl/xl_migrate.c, tools/libs/light/libxl_dom_suspend.c (Xen 4.17)
 */
export function readMigrationLog(log: string): MigrationLog {
  const lines = linesOf(log)
  const at = (pattern: RegExp) => lines.find(({ text }) => pattern.test(text))?.at
  const [first = 0, last = 0] = [lines[0]?.at, lines.at(-1)?.at]
  const connected = at(/Ready to receive domain/)
  const suspended = at(/guest has suspended/)
  const arrived = at(/requesting permission to start domain|Target has acknowledged transfer/)
  const started = at(/Domain started succes+fully|Target reports successful startup/)
  return {
    phase: phaseOf({ connected, suspended, started }),
    copySeconds: connected === undefined ? 0 : (arrived ?? last) - connected,
    downtimeSeconds: suspended === undefined || started === undefined ? undefined : started - suspended,
    seconds: last - first,
    hasArrived: arrived !== undefined,
    hasStarted: started !== undefined,
  }
}

function phaseOf(
  at: Record<'connected' | 'suspended' | 'started', number | undefined>,
): MigrationLog['phase'] {
  if (at.started !== undefined) return 'ending'
  if (at.suspended !== undefined) return 'standing'
  return at.connected === undefined ? 'connecting' : 'copying'
}

interface Line {
  readonly at: number
  readonly text: string
}

const linesOf = (log: string): Line[] =>
  log.split('\n').flatMap((line) => {
    const [, at, text] = /^(\d+(?:\.\d+)?) (.*)$/.exec(line.replace(/\r$/, '')) ?? []
    return at === undefined || text === undefined ? [] : [{ at: Number(at), text }]
  })

/** A migration under way in words; `copiedMiB` is the memory that the target has, of `totalMiB`. */
export function describeProgress(
  { phase }: MigrationLog,
  { copiedMiB, totalMiB, seconds }: { copiedMiB: number | undefined; totalMiB: number; seconds: number },
): string {
  switch (phase) {
    case 'connecting':
      return 'connecting'
    case 'copying':
      return copiedMiB === undefined
        ? 'copying memory'
        : `${Math.min(copiedMiB, totalMiB)} of ${totalMiB} MiB copied${rateOf(copiedMiB, seconds)}`
    case 'standing':
      return 'all but the last pages copied, the guest stands still'
    case 'ending':
      return 'it runs there; its old copy is taken away'
  }
}

/** A migration that is over in words. */
export function describeEnd(log: MigrationLog, totalMiB: number): string {
  const { copySeconds, downtimeSeconds, seconds } = log
  const copied = `${totalMiB} MiB copied in ${copySeconds.toFixed(1)} s${rateOf(totalMiB, copySeconds)}`
  const pause =
    downtimeSeconds === undefined ? '' : `; the guest stood still for ${downtimeSeconds.toFixed(1)} s`
  return `${copied}${pause}; ${seconds.toFixed(1)} s in all`
}

const rateOf = (mebibytes: number, seconds: number) =>
  seconds > 0 ? `, ${(mebibytes / seconds).toFixed(1)} MiB/s` : ''

// What xl says at -vvv besides its messages, and the environment of hotplug scripts, which it indents.
const NOISE =
  /^(?:[\w:-]+: (?:debug|detail|progress|info|verbose|notice): |Saving to migration stream|Loading new save file|Parsing config from|\s)/

/** What the program said that matters to a person: no debugging. */
export function complaintsIn(log: string): string {
  const said = linesOf(log).flatMap(({ text }) => (text.trim() === '' || NOISE.test(text) ? [] : text.trim()))
  return said.slice(-MAX_COMPLAINTS).join('; ')
}

const MAX_COMPLAINTS = 12
