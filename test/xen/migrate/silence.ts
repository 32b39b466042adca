import { setTimeout } from 'node:timers/promises'
import { followProgram } from '../follow.ts'
import { LabError } from '../settings.ts'
import { sshCommand } from '../ssh.ts'
import type { Lab } from '../start-lab.ts'

/** A guest that is asked five times a second whether it is there. */
export interface Watch {
  /** Ends the watch once the guest answers again. @returns the longest time without an answer @throws LabError when it stays silent */
  stop(): Promise<{ readonly longestMs: number; readonly answers: number }>
}

/**
 * Pings a guest from the dom0 of host 1, and waits for the first answer.
 *
 * The times are those of one clock, dom0's, so that neither ssh nor our own load is measured.
 */
export async function watchSilence(lab: Lab, address: string): Promise<Watch> {
  const ping = ['stdbuf', '-oL', 'ping', '-D', '-n', '-i', '0.2', address]
  const followed = followProgram(`ping of ${address}`, sshCommand(lab.settings, 1, ping))
  await followed.waitFor(/bytes from/, 60_000)
  const answers = () =>
    [...followed.text().matchAll(/^\[(\d+\.\d+)\] \d+ bytes from/gm)].map(([, at]) => Number(at))
  return {
    stop: async () => {
      const enough = answers().length + SOME_ANSWERS
      for (let tries = 0; answers().length < enough && tries < MOST_TRIES; tries++) await setTimeout(500)
      await followed.close()
      const seconds = answers()
      if (seconds.length < enough) throw new LabError(`${address} does not answer any more`)
      const pauses = seconds.slice(1).map((at, index) => at - (seconds[index] ?? at))
      return { longestMs: Math.round(Math.max(0, ...pauses) * 1000), answers: seconds.length }
    },
  }
}

const SOME_ANSWERS = 5 // what was on its way when the migration ended is no sign of life
const MOST_TRIES = 240 // two minutes
