import { Command, Option } from 'commander'
import type { Jobs, OperationSummary } from '../service/jobs.ts'
import { withJobs } from './open.ts'
import { type Format, formatTable, note, out, outJson } from './output.ts'

const SETTLING = {
  retry: 'try the undo of a stuck operation again',
  undo: 'the same as retry: put back what a stuck operation left',
  dismiss: 'leave a stuck operation as it is: a person has put it right by hand',
} as const

/** `domus operations`: what was done, by whom, how it ended; and what to do about one that is stuck. */
export function operationsCommand(): Command {
  const command = new Command('operations').description('what was done, and how it ended')
  command
    .command('list', { isDefault: true })
    .description('all operations, newest first')
    .addOption(
      new Option('-o, --output <format>', 'form').choices(['table', 'json', 'yaml', 'name']).default('table'),
    )
    .option('--json', 'the same as -o json')
    .action(async (options: { output: Format; json?: boolean }, self: Command) => {
      await withJobs(
        self,
        (jobs) => showOperations(jobs, undefined, options.json ? 'json' : options.output),
        'reader',
      )
    })
  command
    .command('show')
    .description('one operation, step by step')
    .argument('<id>')
    .option('--json', 'one JSON document on standard output')
    .action(async (id: string, options: { json?: boolean }, self: Command) => {
      await withJobs(self, (jobs) => showOperations(jobs, id, options.json ? 'json' : 'table'), 'reader')
    })
  for (const verb of ['retry', 'undo', 'dismiss'] as const)
    command
      .command(verb)
      .description(SETTLING[verb])
      .argument('<id>')
      .option('--json', 'one JSON document on standard output')
      .action(async (id: string, options: { json?: boolean }, self: Command) => {
        const summary = await withJobs(self, (jobs) => jobs.settle(id, { dismiss: verb === 'dismiss' }))
        if (options.json) outJson(summary)
        else showOne(summary)
        process.exitCode = summary.state === 'stuck' ? 4 : 0
      })
  return command
}

/** Prints all operations, or the one of this id. */
export async function showOperations(jobs: Jobs, id: string | undefined, format: Format) {
  if (id !== undefined) {
    const one = await jobs.operation(id)
    return format === 'table' ? showOne(one) : print([one], one, format)
  }
  const list = await jobs.operations()
  await print(list, list, format)
}

async function print(list: readonly OperationSummary[], value: unknown, format: Format) {
  if (format === 'json') return outJson(value)
  if (format === 'name') return out(list.map(({ id }) => `${id}\n`).join(''))
  if (format === 'table') {
    const rows = list.map(({ id, state, who, started, title }) => [id, state, started, who, title])
    return out(rows.length === 0 ? '' : formatTable(['ID', 'STATE', 'STARTED', 'BY', 'TITLE'], rows))
  }
  const { stringify } = await import('yaml')
  out(stringify(value))
}

function showOne({ id, title, state, who, started, finished, steps, detail }: OperationSummary) {
  out(
    `operation ${id}: ${title}\n${state}, by ${who}, ${started}${finished === undefined ? '' : ` to ${finished}`}`,
  )
  for (const { step, state, error } of steps)
    out(`  ${step}: ${state}${error === undefined ? '' : ` (${error})`}`)
  if (detail !== undefined) note(detail)
}
