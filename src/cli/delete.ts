import { Command } from 'commander'
import { type ChangeOptions, runCommand } from './change.ts'
import { nounOf } from './get.ts'

/** `domus delete KIND NAME`: forgets a resource; of a domain also its config and its exports. */
export function deleteCommand(): Command {
  return new Command('delete')
    .description('remove a resource, and what domus made for it')
    .argument('<kind>')
    .argument('<name>')
    .option('--yes', 'do not ask')
    .option('-n, --dry-run', 'show the plan and change nothing')
    .option('--json', 'one JSON document on standard output')
    .action(async (kind: string, name: string, options: ChangeOptions, command: Command) => {
      const noun = await nounOf(kind)
      await runCommand(command, { kind: 'delete', noun, name }, { ...options, ask: true })
    })
}
