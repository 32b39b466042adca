import { once } from 'node:events'
import { execa } from 'execa'
import { LabError } from './settings.ts'

/** A log that is being written, line by line. */
export interface FollowedLog {
  /** Everything since the follow began, without carriage returns. */
  text(): string
  /**
   * The first line that matches, whether it came before or comes later.
   *
   * @throws LabError with the last lines, when none comes within `timeoutMs` or the log ends
   */
  waitFor(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>
  close(): Promise<void>
}

const SHOWN_LINES = 15 // of a log in an error

/** Follows what a program such as `tail -F` prints; `name` is for messages. */
export function followProgram(name: string, [file, args]: readonly [string, readonly string[]]): FollowedLog {
  const child = execa(file, args, { buffer: false, reject: false, stdin: 'ignore', stderr: 'ignore' })
  const state = { lines: [] as string[], ended: false }
  const changed = new EventTarget()
  const news = () => changed.dispatchEvent(new Event('news'))
  const reading = (async () => {
    for await (const line of child) {
      state.lines.push(`${line}`.replaceAll('\r', ''))
      news()
    }
  })().catch(() => undefined) // a program that was ended; the waiters are told by `ended`
  const end = reading.then(() => {
    state.ended = true
    news()
  })
  return {
    text: () => state.lines.join('\n'),
    waitFor: (pattern, timeoutMs) => waitForLine(name, state, changed, pattern, timeoutMs),
    close: async () => {
      child.kill()
      await end
    },
  }
}

async function waitForLine(
  name: string,
  state: { readonly lines: readonly string[]; readonly ended: boolean },
  changed: EventTarget,
  pattern: RegExp,
  timeoutMs: number,
): Promise<RegExpExecArray> {
  const timeout = AbortSignal.timeout(timeoutMs)
  for (let seen = 0; ; ) {
    for (; seen < state.lines.length; seen++) {
      const match = pattern.exec(state.lines[seen] ?? '')
      if (match) return match
    }
    const why = state.ended ? 'it ended' : `nothing in ${timeoutMs} ms`
    if (state.ended || timeout.aborted) {
      throw new LabError(
        `${name}: no line like ${pattern} (${why}); last:\n${state.lines.slice(-SHOWN_LINES).join('\n')}`,
      )
    }
    await once(changed, 'news', { signal: timeout }).catch(() => undefined) // the loop looks at the reason
  }
}
