import { DomusError } from '../errors.ts'
import type { CommandResult, Machine, RunOptions } from '../machine/machine.ts'
import { shellLine } from '../machine/shell-quote.ts'
import type { Argv } from '../plan/plan.ts'

/** Runs a command that has to succeed. @throws DomusError 'command-failed' with what it said */
export async function runOrThrow(machine: Machine, argv: Argv, options?: RunOptions): Promise<CommandResult> {
  const result = await machine.run(argv, options)
  if (result.exitCode === 0) return result
  const said = result.stderr.trim() || result.stdout.trim() || 'it said nothing'
  throw new DomusError(
    'command-failed',
    `${shellLine(argv)} on ${machine.address} failed with exit code ${result.exitCode}: ${said}`,
  )
}
