import { Command } from 'commander'
import type { BootEvent } from '../service/jobs.ts'
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
      out(formatTable(['AT', 'AFTER', 'STAGE', 'DETAIL'], rowsOf(events)))
    })
}

/** Each stage with the seconds since the first. */
function rowsOf(events: readonly BootEvent[]): string[][] {
  const began = Date.parse(events[0]?.at ?? '')
  return events.map(({ at, stage, detail }) => {
    const seconds = (Date.parse(at) - began) / 1000
    return [at, `+${seconds.toFixed(1)} s`, stage, detail ?? '']
  })
}
