import { LabError } from './settings.ts'
import { guestConsoleLog, type Lab } from './start-lab.ts'

/** For one step of one guest, on a machine with other work. */
export const PATIENCE_MS = 600_000

const TRIES = 5

/**
 * Makes a guest of an xl config and waits until its kernel speaks. On a machine with other work the network script
 * may run out of its time, and a guest may die before its first word (nested virtualization without hardware): that
 * says nothing about what is tested, so it is tried again.
 */
export async function createGuest(lab: Lab, name: string, config: string): Promise<void> {
  const [file, log] = [`/tmp/${name}.cfg`, guestConsoleLog(name)]
  await lab.must(1, ['tee', file], { input: config })
  const speaks = `while ! grep -q 'Linux version' ${log}; do xl domid ${name} || exit 1; sleep 0.2; done`
  for (let attempt = 1; ; attempt++) {
    const made = await lab.ssh(1, ['xl', 'create', file], { timeoutMs: PATIENCE_MS })
    const alive =
      made.exitCode === 0 ? await lab.ssh(1, ['sh', '-c', speaks], { timeoutMs: PATIENCE_MS }) : made
    if (alive.exitCode === 0) return
    if (attempt === TRIES) throw new LabError(`${name} does not start:\n${made.stderr}`)
  }
}
