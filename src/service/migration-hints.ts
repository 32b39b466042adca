import { runFolder } from '../apply/migrate.ts'
import { lookDetached } from '../machine/detached.ts'
import type { Hints } from '../migration/decide.ts'
import { readMigrationLog } from '../migration/progress.ts'
import type { Name } from '../model/grammar.ts'
import { listOperations, type Operation } from '../store/operations.ts'
import type { App } from './app.ts'

type LogHints = Pick<Hints, 'hasArrived' | 'hasStarted'>

const NOTHING: LogHints = { hasArrived: false, hasStarted: false }

/**
 * What the last migration of a domain said of its copies, when nothing else was done with the domain since. A host that
 * cannot be asked, or was booted since, tells nothing.
 */
export async function hintsOf(app: App, domain: Name): Promise<LogHints> {
  const operations = await listOperations(app.store, { subject: `domain/${domain}` })
  const last = operations.find((operation) => !isRepair(operation))
  if (last === undefined || last.state === 'done' || last.state === 'rolled-back') return NOTHING
  const position = last.plan.steps.findIndex(({ kind }) => kind === 'migrate')
  const step = last.plan.steps[position]
  const saved = last.steps.find((one) => one.position === position)?.saved
  if (step?.kind !== 'migrate' || saved === undefined) return NOTHING
  const { token } = saved as { token: string } // as apply/migrate.ts saves it
  try {
    const run = { folder: runFolder(domain), token, offset: 0 }
    const state = await lookDetached(app.machines(step.machine), run)
    if (state.kind === 'absent' || state.token !== token) return NOTHING
    const { hasArrived, hasStarted } = readMigrationLog(state.log)
    return { hasArrived, hasStarted }
  } catch {
    return NOTHING // the look at the host itself tells why
  }
}

/** An earlier repair changes nothing of what the migration said. */
const isRepair = ({ plan }: Operation) => plan.steps.some(({ kind }) => kind === 'mend')
