/** One area of the benches: a file of its name beside this one that exports `area`. */
export interface Area {
  readonly name: string
  /** Runs it; progress goes to stderr. @throws Error naming the Debian package of a peer that is not installed */
  run(): Promise<Measured>
}

export interface Measured {
  /** Numbers with their unit in the name: `planMs`, `residentMiB`. */
  readonly figures: Readonly<Record<string, number>>
  /** Ours against a peer, or against another size, in the same run. */
  readonly ratios: Readonly<Record<string, number>>
}

/** Median of some runs; the machine is shared, single runs tell little. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Milliseconds that `work` takes, median of `runs` after one that does not count. */
export async function timeMs(runs: number, work: () => unknown): Promise<number> {
  await work()
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    const began = performance.now()
    await work()
    times.push(performance.now() - began)
  }
  return median(times)
}
