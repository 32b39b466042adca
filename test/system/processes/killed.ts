/**
 * A process that is killed: `node killed.ts FOLDER WHAT COUNT` carries out the plan of real-world.ts and kills
 * itself with SIGKILL before the COUNTth statement of the database (WHAT = sql), or the COUNTth moment before or
 * after a call of a step (WHAT = step). Prints the outcome when it got through.
 */
import { StatementSync } from 'node:sqlite'
import { applyPlan } from '../../../src/apply/apply.ts'
import type { StepKind } from '../../../src/apply/step.ts'
import { type StepKinds, stepKinds } from '../../../src/apply/steps.ts'
import { plan, REQUEST } from '../../integration/apply/world.ts'
import { openFolder, stepsIn } from './real-world.ts'

const [folder = '', what = '', count = '0'] = process.argv.slice(2)
let left = Number(count)
const moment = () => void (left-- === 0 && process.kill(process.pid, 'SIGKILL'))

const context = await openFolder(folder)
if (what === 'sql') {
  const { all, run } = StatementSync.prototype
  StatementSync.prototype.all = function (...args: unknown[]) {
    moment()
    return Reflect.apply(all, this, args)
  }
  StatementSync.prototype.run = function (...args: unknown[]) {
    moment()
    return Reflect.apply(run, this, args)
  }
}

const around = async <T>(work: () => Promise<T>): Promise<T> => {
  if (what === 'step') moment()
  const result = await work()
  if (what === 'step') moment()
  return result
}
const wrap = (kind: StepKind): StepKind => ({
  ...kind,
  apply: (...args) => around(() => kind.apply(...args)),
})
const kinds = Object.fromEntries(
  Object.entries(stepKinds).map(([name, kind]) => [name, wrap(kind as StepKind)]),
) as unknown as StepKinds
const outcome = await applyPlan(plan(...stepsIn(folder)), REQUEST, { ...context, kinds })
process.stdout.write(outcome.outcome)
