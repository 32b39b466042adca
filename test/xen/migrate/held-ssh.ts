import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from '../start-lab.ts'

/** A moment of a migration from host 1, as held-ssh.pl knows it. */
export const MOMENTS = {
  copying: 'up 20000000',
  arrived: 'down domain received, ready to unpause',
  allowed: 'up domain is yours, you are cleared to unpause',
  started: 'down my copy unpause results are as follows',
} as const
export type Moment = keyof typeof MOMENTS

/** Makes the next migration from host 1 wait at a moment. */
export async function holdMigration(lab: Lab, moment: Moment): Promise<void> {
  const script = await readFile(join(import.meta.dirname, 'held-ssh.pl'), 'utf8')
  await lab.must(1, ['sh', '-c', 'cat > /usr/local/sbin/ssh && chmod 755 /usr/local/sbin/ssh'], {
    input: script,
  })
  await lab.must(1, [
    'sh',
    '-c',
    'rm -f /run/held-ssh.*; printf "%s\\n" "$1" > /run/held-ssh',
    'sh',
    MOMENTS[moment],
  ])
}

/** Waits until the migration is where it is held. */
export async function untilHeld(lab: Lab, timeoutMs: number): Promise<void> {
  const waits = 'until [ -e /run/held-ssh.there ]; do sleep 0.2; done'
  await lab.must(1, ['timeout', `${timeoutMs / 1000}`, 'sh', '-c', waits], { timeoutMs: timeoutMs + 10_000 })
}

/** Lets the held migration go on, or ends its ssh at once; later ones are not held. */
export async function release(lab: Lab, how: 'pass' | 'cut'): Promise<void> {
  await lab.must(1, ['sh', '-c', 'echo "$1" > /run/held-ssh.go; rm -f /run/held-ssh', 'sh', how])
}
