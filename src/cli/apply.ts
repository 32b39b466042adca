import { Command } from 'commander'
import type { ChangeRequest } from '../service/jobs.ts'
import { type ChangeOptions, runCommand, showPlan } from './change.ts'
import { readDocument, settingsOf, withJobs } from './open.ts'
import { outJson } from './output.ts'

interface SiteOptions extends ChangeOptions {
  file: string
  prune?: boolean
  adopt?: boolean
  overwrite?: boolean
}

/** `domus apply -f FILE`: makes the site as the document says. */
export function applyCommand(): Command {
  return siteOptions(new Command('apply').description('make the site as a document says'))
    .option('--yes', 'do not ask')
    .option('-n, --dry-run', 'show the plan and change nothing')
    .action(async (options: SiteOptions, command: Command) => {
      const document = await readDocument(options.file)
      await refuseFirstMistakes(command, document)
      const request = requestOf(options, document)
      await runCommand(command, request, { ...options, ask: true })
    })
}

/** Where nothing is recorded yet, a document with mistakes makes no state folder either. */
async function refuseFirstMistakes(command: Command, document: unknown) {
  const { hasDatabase } = await import('../app.ts')
  const { requireDocument } = await import('../service/document.ts')
  const settings = await settingsOf(command)
  if (!hasDatabase(settings)) requireDocument(document, { site: settings.site })
}

/** `domus plan -f FILE`: shows what apply would do. */
export function planCommand(): Command {
  return siteOptions(new Command('plan').description('show what apply would do, as a diff'), 'optional')
    .option('--detailed-exitcode', 'exit with 5 when there is something to do')
    .action(async (options: Partial<SiteOptions> & { detailedExitcode?: boolean }, command: Command) => {
      // Without a document: what would put back what was recorded and has drifted on the machines.
      const document = options.file === undefined ? {} : await readDocument(options.file)
      const request = requestOf(options, document)
      const view = await withJobs(command, (jobs) => jobs.plan(request), 'reader')
      if (options.json) outJson(view)
      else showPlan(view, 'data')
      if (options.detailedExitcode && view.changes > 0) process.exitCode = 5
    })
}

function siteOptions(command: Command, file: 'required' | 'optional' = 'required'): Command {
  const text = 'site document, YAML or JSON; - reads standard input'
  if (file === 'required') command.requiredOption('-f, --file <file>', text)
  else command.option('-f, --file <file>', text)
  return command
    .option('--prune', 'also remove what the document does not name')
    .option('--adopt', "take over an exports file of ours that was edited by hand, with the hand's lines")
    .option('--overwrite', 'replace an exports file of ours that was edited by hand')
    .option('--json', 'one JSON document on standard output')
}

function requestOf(options: Partial<SiteOptions>, document: unknown): ChangeRequest {
  return {
    kind: 'apply',
    document,
    ...(options.prune && { prune: true }),
    ...(options.adopt && { exports: 'adopt' as const }),
    ...(options.overwrite && { exports: 'overwrite' as const }),
  }
}
