import { Command } from 'commander'
import { withJobs } from './open.ts'
import { formatTable, out, outJson } from './output.ts'

/** `domus timeline NAME`: the stages of a domain's last boot. */
export function timelineCommand(): Command {
  return new Command('timeline')
    .description("the stages of a domain's last boot")
    .argument('<name>')
    .option('--json', 'one JSON document on standard output')
    .action(async (name: string, { json }: { json?: boolean }, command: Command) => {
      const events = await withJobs(command, (jobs) => jobs.timeline(name), 'reader')
      if (json) return outJson(events)
      out(
        formatTable(
          ['AT', 'STAGE', 'DETAIL'],
          events.map(({ at, stage, detail }) => [at, stage, detail ?? '']),
        ),
      )
    })
}
