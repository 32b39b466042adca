import { Command } from 'commander'
import type { ResyncView } from '../service/exports.ts'
import { settingsOf, withJobs } from './open.ts'
import { confirm, note, out, outJson } from './output.ts'

interface ResyncOptions {
  yes?: boolean
  dryRun?: boolean
  json?: boolean
}

/** `domus exports`: work on the export table of a server as a whole. */
export function exportsCommand(): Command {
  const command = new Command('exports').description(
    "the export table of an NFS server as a whole, everybody's",
  )
  command
    .command('resync')
    .description(
      'let a server read all of its exports files again (exportfs -ra), after showing what that changes',
    )
    .argument('<server>')
    .option('--yes', 'do not ask')
    .option('-n, --dry-run', 'show what it would change, and change nothing')
    .option('--json', 'one JSON document on standard output')
    .action(resync)
  return command
}

async function resync(name: string, options: ResyncOptions, command: Command) {
  const inventory = await withJobs(command, (jobs) => jobs.inventory(), 'reader')
  const { openTools } = await import('../app.ts')
  const { previewResync, resyncExports } = await import('../service/exports.ts')
  const tools = openTools(await settingsOf(command))
  try {
    const view = await previewResync(tools, inventory, name)
    const changes = view.added.length + view.removed.length + view.changed.length
    if (!options.json) show(view)
    for (const refusal of view.refusals) note(`refused: ${refusal}`)
    const isWanted = changes > 0 && view.refusals.length === 0 && !options.dryRun
    const isDone = isWanted && (options.yes === true || (await isAgreed(name)))
    const said = isDone ? await resyncExports(tools, inventory, view) : ''
    if (options.json) outJson({ ...view, changes, done: isDone, said })
    else if (said !== '') note(said)
    if (!options.json) note(isDone ? 'done' : changes === 0 ? 'nothing to do' : 'nothing changed')
    if (view.refusals.length > 0) process.exitCode = 3
  } finally {
    await tools.close()
  }
}

async function isAgreed(name: string): Promise<boolean> {
  const answer = await confirm('carry this out?')
  if (answer !== undefined) return answer
  const { DomusError } = await import('../errors.ts')
  throw new DomusError(
    'invalid-input',
    `resync of ${name}: there is no terminal to ask on; say --yes to carry it out`,
  )
}

function show({ server, added, removed, changed, complaint }: ResyncView) {
  out(`resync exports of ${server}`)
  for (const line of added) out(`  + ${line}`)
  for (const line of removed) out(`  - ${line}`)
  for (const { from, to } of changed) out(`  ~ ${from}\n    ${to}`)
  if (complaint !== '') note(`exportfs says: ${complaint}`)
}
