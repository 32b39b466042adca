/** How far a migration is, as far as its program has told. */
export interface MigrationProgress {
  /** Of guest memory, over all rounds. */
  readonly copiedBytes: number
  /** The guest's memory; undefined until it is told. */
  readonly totalBytes: number | undefined
  /** Rounds of copying so far, from 1; each later one copies what the guest changed meanwhile. */
  readonly round: number
  /** Seconds from the first word to the last. */
  readonly seconds: number
  /** Seconds that the guest was suspended, once it runs again. */
  readonly downtimeSeconds: number | undefined
  /** All of the guest has arrived at the target. */
  readonly hasArrived: boolean
  /** The target was seen to start the guest. */
  readonly hasStarted: boolean
}

const PAGE = 4096

/**
 * Reads what `xl migrate` has said so far: lines `SECONDS TEXT`, with the uptime of the host before each, as
 * apply/detached.ts writes them.
 *
 * @see tools/libs/guest/xg_sr_save.c (Frames iteration), tools/xl/xl_migrate.c
 */
export function readProgress(log: string): MigrationProgress {
  const pages = new Map<number, number>()
  let total: number | undefined
  let [first, last, suspended, started]: (number | undefined)[] = []
  let hasArrived = false
  for (const { at, text } of linesOf(log)) {
    first ??= at
    last = at
    const [, round = '0', done, of] = /\bFrames(?: iteration (\d+))?[^:]*: (\d+)\/(\d+)/.exec(text) ?? []
    if (done !== undefined) {
      total ??= Number(of) * PAGE
      pages.set(Number(round), Math.max(pages.get(Number(round)) ?? 0, Number(done)))
    }
    if (text.includes('guest has suspended')) suspended ??= at
    if (/requesting permission to start domain|Target has acknowledged transfer/.test(text)) hasArrived = true
    if (/Domain started succes+fully|Target reports successful startup/.test(text)) started ??= at
  }
  return {
    copiedBytes: [...pages.values()].reduce((sum, count) => sum + count * PAGE, 0),
    totalBytes: total,
    round: pages.size,
    seconds: (last ?? 0) - (first ?? 0),
    downtimeSeconds: suspended === undefined || started === undefined ? undefined : started - suspended,
    hasArrived,
    hasStarted: started !== undefined,
  }
}

interface Line {
  readonly at: number
  readonly text: string
}

// Where xl writes over its own line, there are several between two ends of lines.
const linesOf = (log: string): Line[] =>
  log.split('\n').flatMap((line) => {
    const [, at, text] = /^(\d+(?:\.\d+)?) (.*)$/s.exec(line) ?? []
    return at === undefined || text === undefined
      ? []
      : text.split('\r').map((part) => ({ at: Number(at), text: part }))
  })

/** In words: copied, of how much, how fast. */
export function describeProgress({ copiedBytes, totalBytes, round, seconds }: MigrationProgress): string {
  if (copiedBytes === 0) return 'waiting for the first memory to be copied'
  const of = totalBytes === undefined ? '' : ` (the guest has ${mebibytes(totalBytes)})`
  const rate = seconds > 0 ? `, ${mebibytes(copiedBytes / seconds)}/s` : ''
  return `${mebibytes(copiedBytes)} copied${of}${rate}, round ${round}`
}

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** What the program said that matters to a person: no debugging, no progress. */
export function complaintsIn(log: string): string {
  const noise =
    /^(?:(?:libxl|xc|xencall|xenforeignmemory|xendevicemodel|xengnttab|xenevtchn|xl)[^ ]*: (?:debug|detail|progress|info|verbose|notice)\b|xc: Frames|Saving to migration stream|Loading new save file|xencall:buffer|libxl: debug)/
  const said = linesOf(log)
    .map(({ text }) => text.trim())
    .filter((text) => text !== '' && !noise.test(text) && !text.includes('Frames'))
  return said.slice(-MAX_COMPLAINTS).join('; ')
}

const MAX_COMPLAINTS = 12
