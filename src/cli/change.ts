import type { Command } from 'commander'
import type { PlanView, StepView } from '../plan/view.ts'
import type { ChangeRequest, Jobs, OperationView } from '../service/jobs.ts'
import { withJobs } from './open.ts'
import { confirm, formatTable, note, out, outJson, paintDiff } from './output.ts'

export interface ChangeOptions {
  json?: boolean
  dryRun?: boolean
  yes?: boolean
  /** The dry run asks whether it may be done at all: a refusal is the answer no. */
  isPreflight?: boolean
}

/** Carries a change out for a command; who only asks what it would do makes no state. */
export const runCommand = (
  command: Command,
  request: ChangeRequest,
  options: ChangeOptions & { ask?: boolean },
) => withJobs(command, (jobs) => carryOut(jobs, request, options), options.dryRun ? 'reader' : 'writer')

/**
 * Shows the plan of a change, asks when `ask` is set, carries it out and tells how it ended.
 *
 * Sets the exit code: 1 when it was rolled back, 4 when it is stuck.
 *
 * @throws DomusError 'invalid-input' when it would have to ask and there is no terminal
 */
async function carryOut(jobs: Jobs, request: ChangeRequest, options: ChangeOptions & { ask?: boolean }) {
  if (options.dryRun) return showDryRun(await jobs.plan(request), options)
  if (options.ask && !options.yes && !(await isAgreed(jobs, request))) return
  const slow = slowProgress()
  const view = await jobs.run(request, { step: slow.step }).finally(slow.end)
  if (options.json) outJson(view)
  else showOutcome(view, options)
  process.exitCode = view.boot?.ok === false ? 1 : { done: 0, 'rolled-back': 1, stuck: 4 }[view.outcome]
}

function showDryRun(view: PlanView, { json, isPreflight }: ChangeOptions) {
  if (isPreflight && view.refusals) process.exitCode = 3
  if (json) return outJson(view)
  showPlan(view, 'data')
  note('nothing changed (dry run)')
}

async function isAgreed(jobs: Jobs, request: ChangeRequest): Promise<boolean> {
  const view = await jobs.plan(request)
  showPlan(view, 'note')
  // What would be refused is told by the refusal itself.
  if (view.changes === 0 || view.refusals) return true
  const answer = await confirm('carry this out?')
  if (answer === undefined) {
    const { DomusError } = await import('../errors.ts')
    throw new DomusError(
      'invalid-input',
      `${view.title}: there is no terminal to ask on; say --yes to carry it out`,
    )
  }
  if (!answer) note('nothing changed')
  return answer
}

/** The plan as lines and diffs: as data, or as a note before a question. */
export function showPlan(view: PlanView, as: 'data' | 'note') {
  const say = as === 'data' ? out : note
  if (view.checks) say(tableOf(view.checks))
  say(view.title)
  for (const step of view.steps) {
    say(`  ${lineOf(step)}`)
    if (step.diff) say(paintDiff(step.diff).trimEnd())
  }
  if (view.changes === 0) say('  nothing to do')
  for (const { path, message } of view.warnings) note(`warning: ${path}: ${message}`)
  for (const { path, message } of view.refusals ?? []) note(`would be refused: ${path}: ${message}`)
  if (view.facts === 'unknown')
    note('note: not everything could be looked at from here; apply will look again')
}

const tableOf = (checks: NonNullable<PlanView['checks']>) =>
  formatTable(
    ['CHECK', 'STATUS', 'DETAIL'],
    checks.map(({ check, status, detail }) => [check, status, detail]),
  )

/** How it ended; who was not asked sees here what the plan was. */
function showOutcome(view: OperationView, { ask, yes }: { ask?: boolean; yes?: boolean }) {
  note(view.title)
  for (const step of view.steps) {
    note(`  ${lineOf(step)}: ${step.result}`)
    if (ask && yes && step.diff) note(paintDiff(step.diff).trimEnd())
  }
  for (const { path, message } of view.warnings) note(`warning: ${path}: ${message}`)
  for (const line of view.notes ?? []) note(line)
  if (view.boot) showBoot(view.boot)
  if (view.error !== undefined) note(`domus: ${view.error}`)
  if (view.outcome === 'rolled-back') note('rolled back: nothing is left of it')
  else if (view.outcome === 'stuck') note(`stuck: look at it with domus operations show ${view.operation}`)
  else note(view.changes === 0 ? 'nothing to do' : 'done')
}

function showBoot({ ok, stage, stages, cause }: NonNullable<OperationView['boot']>) {
  const began = Date.parse(stages[0]?.at ?? '')
  for (const { stage: name, at, detail } of stages)
    note(`  ${name.padEnd(13)} +${((Date.parse(at) - began) / 1000).toFixed(1)} s  ${detail ?? ''}`)
  if (!ok) note(`domus: the boot came as far as: ${stage}${cause === undefined ? '' : ` (${cause})`}`)
}

const SIGN = {
  write: '+',
  remove: '-',
  run: '!',
  export: '~',
  start: '!',
  stop: '!',
  migrate: '!',
  copy: '+',
  mend: '!',
  record: '~',
} as const

function lineOf(step: StepView): string {
  const where = step.on ?? step.machine
  const sign = SIGN[step.kind]
  if (step.rows) return `${sign} record ${describeRows(step.rows)}`
  if (step.argv) return `${sign} ${step.kind} on ${where}: ${step.argv.join(' ')}`
  return `${sign} ${step.kind} ${where}:${step.path}`
}

function describeRows(rows: NonNullable<StepView['rows']>): string {
  const shown = rows.slice(0, 4).map(({ action, noun, name }) => `${action}${noun}/${name}`)
  return rows.length > shown.length
    ? `${shown.join(' ')} and ${rows.length - shown.length} more`
    : shown.join(' ')
}

const QUIET_SECONDS = 10 // between two lines where there is no terminal to write over

/** Tells on stderr what goes on, once it has gone on for over a second; on a terminal in one line, written over. */
function slowProgress() {
  let current = ''
  let silence = QUIET_SECONDS - 1
  const began = Date.now()
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - began) / 1000)
    if (current === '') return
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K… ${current} (${seconds} s)`)
    else if (++silence % QUIET_SECONDS === 0) note(`… ${current} (${seconds} s)`)
  }, 1000)
  timer.unref()
  const clear = () => process.stderr.isTTY && process.stderr.write('\r\x1b[K')
  return {
    step(line: string) {
      current = line
    },
    end() {
      clearInterval(timer)
      clear()
    },
  }
}
