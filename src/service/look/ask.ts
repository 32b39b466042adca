import { describeError } from '../../errors.ts'
import type { Machine } from '../../machine/machine.ts'
import type { Known } from '../../nfs/facts.ts'

/** What nobody had a reason to look at. */
export const notAsked = { kind: 'unknown', reason: 'nobody looked' } as const

/** What a command on a machine says, or why that is not known. */
export async function ask<T>(
  machine: Machine,
  argv: readonly string[],
  parse: (stdout: string) => T,
): Promise<Known<T>> {
  try {
    const { exitCode, stdout, stderr } = await machine.run(argv, { timeoutMs: 30_000 })
    if (exitCode !== 0)
      return {
        kind: 'unknown',
        reason: `${argv.join(' ')} on ${machine.address}: ${stderr.trim().split('\n')[0]}`,
      }
    return { kind: 'known', value: parse(stdout) }
  } catch (error) {
    return { kind: 'unknown', reason: describeError(error) }
  }
}

/** The value, or why there is none, as text. */
export const orReason = async <T>(promise: Promise<T>): Promise<T | string> => promise.catch(describeError)
