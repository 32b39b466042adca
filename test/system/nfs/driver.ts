/**
 * Carries out one export step on the machine it runs on, as a process of its own that can be killed:
 * `node driver.ts STEP SAVED POINT`. STEP is a file with the step as JSON; what undo needs is written to SAVED
 * before anything changes, as the executor's journal does. At POINT (`before N` or `after N`) of the actions on
 * the machine it kills itself with SIGKILL. It prints the number of actions, or the error that it undid.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { exportLinux } from '../../../src/apply/export-linux.ts'
import { describeError } from '../../../src/errors.ts'
import { localMachine } from '../../../src/machine/local.ts'
import type { Machine } from '../../../src/machine/machine.ts'
import { contextOn, type ExportStep } from './exporting.ts'

const [stepFile = '', savedFile = '', when = '', number = ''] = process.argv.slice(2)
const local = localMachine()
let count = 0

async function counted<T>(action: () => Promise<T>): Promise<T> {
  count++
  const at = Number(number) === count
  if (at && when === 'before') process.kill(process.pid, 'SIGKILL')
  const result = await action()
  if (at && when === 'after') process.kill(process.pid, 'SIGKILL')
  return result
}

const mortal: Machine = {
  ...local,
  run: (...args) => counted(() => local.run(...args)),
  readFile: (...args) => counted(() => local.readFile(...args)),
  writeFile: (...args) => counted(() => local.writeFile(...args)),
  removeFile: (...args) => counted(() => local.removeFile(...args)),
  lock: async (...args) => {
    const unlock = await counted(() => local.lock(...args))
    return () => counted(unlock)
  },
}

const step = JSON.parse(readFileSync(stepFile, 'utf8')) as ExportStep // written by the test
const context = contextOn(mortal)
const saved = await exportLinux.prepare(step, context)
writeFileSync(savedFile, JSON.stringify(saved))
try {
  await exportLinux.apply(step, saved, context)
  process.stdout.write(String(count))
} catch (error) {
  await exportLinux.undo(step, saved, context, 'uncertain')
  process.stdout.write(describeError(error))
}
