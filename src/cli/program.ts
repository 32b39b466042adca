import { Command } from 'commander'
import { applyCommand, planCommand } from './apply.ts'
import { createCommand } from './create.ts'
import { deleteCommand } from './delete.ts'
import { dhcpCommand } from './dhcp.ts'
import { doctorCommand } from './doctor.ts'
import { exportsCommand } from './exports.ts'
import { getCommand } from './get.ts'
import { kernelCommand } from './kernel.ts'
import { lifecycleCommands } from './lifecycle.ts'
import { convertCommand, lintCommand } from './lint.ts'
import { migrationCommands } from './migrate.ts'
import { operationsCommand } from './operations.ts'
import { renderCommand } from './render.ts'
import { serveCommand } from './serve.ts'
import { timelineCommand } from './timeline.ts'
import { verifyCommand } from './verify.ts'

/** The whole command line. Modules of weight are loaded inside the actions, so that `--help` stays fast. */
export function buildProgram(version: string): Command {
  const program = new Command('domus')
    .description('makes and runs diskless Xen guests')
    .version(version)
    .option('--config <file>', 'settings (default: /etc/domus/domus.yaml)')
    .option('-v, --verbose', 'show more of what happens, and stacks of errors')
    .enablePositionalOptions()
    .showHelpAfterError('(domus --help tells more)')
  const commands = [
    planCommand(),
    applyCommand(),
    createCommand(),
    getCommand(),
    deleteCommand(),
    ...lifecycleCommands(),
    ...migrationCommands(),
    renderCommand(),
    verifyCommand(),
    kernelCommand(),
    dhcpCommand(),
    exportsCommand(),
    lintCommand(),
    convertCommand(),
    doctorCommand(),
    operationsCommand(),
    timelineCommand(),
    serveCommand(),
  ]
  for (const command of commands) program.addCommand(command)
  return throwOnExit(program)
}

/** Makes every command throw instead of ending the process (run.ts sets the exit code), and speak as we do. */
function throwOnExit(command: Command): Command {
  command.exitOverride().configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, 'domus: ')),
  })
  for (const child of command.commands) throwOnExit(child)
  return command
}
