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
    await lab.must(1, ['rm', '-f', log])
    const made = await lab.ssh(1, ['xl', 'create', file], { timeoutMs: PATIENCE_MS })
    const alive =
      made.exitCode === 0 ? await lab.ssh(1, ['sh', '-c', speaks], { timeoutMs: PATIENCE_MS }) : made
    if (alive.exitCode === 0) return
    if (attempt === TRIES) throw new LabError(`${name} does not start:\n${made.stderr}`)
  }
}

/**
 * The console of a guest of an xl config up to a line that matches `end`; then the guest is destroyed. One that dies
 * without such a line is made again, for the same reason.
 */
export async function consoleOfGuest(lab: Lab, name: string, config: string, end: RegExp): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    await createGuest(lab, name, config)
    const console = lab.console(1, name)
    const waits = `while xl domid ${name} >/dev/null 2>&1; do sleep 2; done`
    const died = lab.ssh(1, ['sh', '-c', waits], { timeoutMs: PATIENCE_MS })
    try {
      const spoke = console.waitFor(end, PATIENCE_MS)
      spoke.catch(() => undefined) // when it died before
      await Promise.race([spoke, died])
      const text = (await lab.must(1, ['cat', guestConsoleLog(name)])).replaceAll('\r', '')
      if (end.test(text)) return text
      if (attempt === TRIES) throw new LabError(`${name} dies:\n${text.slice(-2000)}`)
    } finally {
      await console.close()
      await lab.ssh(1, ['xl', 'destroy', name]) // it may have ended by itself
      await died
    }
  }
}
