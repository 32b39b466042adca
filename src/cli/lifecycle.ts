import { Command } from 'commander'
import type { ChangeRequest } from '../service/jobs.ts'
import { type ChangeOptions, runCommand } from './change.ts'
import { withJobs } from './open.ts'
import { collected, waitSeconds } from './options.ts'

interface StartOptions extends ChangeOptions {
  force?: string[]
  wait?: boolean
  timeout: number
}

/** `start`, `stop`, `reboot`, `destroy`, `fence` and `console` of one domain. */
export function lifecycleCommands(): Command[] {
  return [
    startCommand(),
    simple('stop', 'shut a domain down'),
    simple('reboot', 'reboot a domain'),
    destroyCommand(),
    fenceCommand(),
    consoleCommand(),
  ]
}

function startCommand(): Command {
  return changing(new Command('start').description('start a domain'))
    .option('--force <link>', 'start although this link of the boot fails; may be repeated', collected)
    .option('--wait', 'follow the boot until its init runs')
    .option('--timeout <seconds>', 'with --wait: how long', waitSeconds, 300)
    .action(async (name: string, options: StartOptions, command: Command) => {
      const request: ChangeRequest = {
        kind: 'start',
        name,
        ...(options.force && { force: options.force }),
        ...(options.wait && { waitSeconds: options.timeout }),
      }
      await runCommand(command, request, options)
    })
}

function simple(kind: 'stop' | 'reboot', description: string): Command {
  return changing(new Command(kind).description(description)).action(
    async (name: string, options: ChangeOptions, command: Command) => {
      await runCommand(command, { kind, name }, options)
    },
  )
}

function destroyCommand(): Command {
  return changing(new Command('destroy').description('end a domain at once, as by pulling its plug'))
    .option('--yes', 'do not ask')
    .action(async (name: string, options: ChangeOptions, command: Command) => {
      await runCommand(command, { kind: 'destroy', name }, { ...options, ask: true })
    })
}

function fenceCommand(): Command {
  return changing(
    new Command('fence').description('cut a domain off from its root: its export goes, even while it runs'),
  )
    .option('--lift', 'export its root to it again')
    .option('--yes', 'do not ask')
    .action(async (name: string, options: ChangeOptions & { lift?: boolean }, command: Command) => {
      const request: ChangeRequest = { kind: 'fence', name, ...(options.lift && { lift: true }) }
      await runCommand(command, request, { ...options, ask: true })
    })
}

function consoleCommand(): Command {
  return new Command('console')
    .description("attach to a domain's console (leave with Ctrl-])")
    .argument('<name>')
    .action(async (name: string, _options: object, command: Command) => {
      const { attachConsole } = await import('./console.ts')
      process.exitCode = await withJobs(
        command,
        async (jobs) => attachConsole(await jobs.inventory(), name, command),
        'reader',
      )
    })
}

const changing = (command: Command) =>
  command
    .argument('<name>')
    .option('-n, --dry-run', 'show the plan and change nothing')
    .option('--json', 'one JSON document on standard output')
