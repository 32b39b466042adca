const EVERY_MS = 15_000

/** Tells a waiting person what goes on, on stderr: data of the lab's commands goes to stdout. */
export function say(text: string): void {
  process.stderr.write(`lab: ${text}\n`)
}

/** Does `work` under a title; says every 15 s how long it has been at it, and at the end how long it took. */
export async function timed<T>(title: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1)
  const timer = setInterval(() => say(`  ${title}: ${seconds()} s …`), EVERY_MS)
  try {
    const result = await work()
    say(`${title}: done in ${seconds()} s`)
    return result
  } finally {
    clearInterval(timer)
  }
}
