import { Command } from 'commander'
import type { ChangeRequest } from '../service/jobs.ts'
import { type ChangeOptions, runCommand } from './change.ts'
import { collected } from './options.ts'

/** `migrate` and `repair`: a running domain on another host, and what a migration that broke has left. */
export function migrationCommands(): Command[] {
  return [migrateCommand(), repairCommand()]
}

function migrateCommand(): Command {
  return new Command('migrate')
    .description('move a running domain to another host; nothing moves unless every check is fine')
    .argument('<name>')
    .argument('<host>')
    .option('-n, --dry-run', 'show what was checked and the plan, and change nothing')
    .option(
      '--force <check>',
      'move although this check fails, or nobody can tell; may be repeated',
      collected,
    )
    .option('--json', 'one JSON document on standard output')
    .action(
      async (name: string, host: string, options: ChangeOptions & { force?: string[] }, command: Command) => {
        const { force } = options
        const request: ChangeRequest = { kind: 'migrate', name, host, ...(force && { force }) }
        await runCommand(command, request, { ...options, isPreflight: true })
      },
    )
}

function repairCommand(): Command {
  return new Command('repair')
    .description('put right what a migration that broke has left: one copy at most, and all else follows it')
    .argument('<name>')
    .option('-n, --dry-run', 'show the plan and change nothing')
    .option('--json', 'one JSON document on standard output')
    .action(async (name: string, options: ChangeOptions, command: Command) => {
      await runCommand(command, { kind: 'repair', name }, { ...options, isPreflight: true })
    })
}
