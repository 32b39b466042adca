import { Command } from 'commander'
import type { VerifyView } from '../service/jobs.ts'
import { settingsOf, withJobs } from './open.ts'
import { formatTable, out, outJson } from './output.ts'

interface VerifyOptions {
  all?: boolean
  json?: boolean
  file?: string
  probe?: boolean
}

/** `domus verify NAME`: proves each link of a boot, and names the first broken one with its fix. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('check every link of a boot before it boots')
    .argument('[name]')
    .option('--all', 'every domain')
    .option('-f, --file <file>', 'site document; what is recorded when left out')
    .option('--probe', 'also look for other DHCP servers on the segment, and with --all try every mount')
    .option('--json', 'one JSON document on standard output')
    .action(async (name: string | undefined, options: VerifyOptions, command: Command) => {
      const { DomusError } = await import('../errors.ts')
      if ((name === undefined) === (options.all !== true))
        throw new DomusError('invalid-input', 'verify takes the name of a domain, or --all')
      const views = await verify(command, name, options)
      if (options.json) outJson(name === undefined ? views : views[0])
      else if (name === undefined) showSummary(views)
      else views.forEach(show)
      if (views.some(({ ok }) => !ok)) process.exitCode = 3
    })
}

async function verify(command: Command, name: string | undefined, { file, probe }: VerifyOptions) {
  const names = name === undefined ? 'all' : [name]
  const options = { ...(probe && { probe }) }
  if (file === undefined) return withJobs(command, (jobs) => jobs.verify(names, options), 'reader')
  const { inventoryFrom } = await import('./render.ts')
  const { openTools } = await import('../app.ts')
  const { verifyDomains } = await import('../service/verify.ts')
  const tools = openTools(await settingsOf(command))
  const dhcp = { ...tools.dhcp, silence: () => UNAPPLIED }
  const reason = 'claims are kept with what was applied, and this is a document alone'
  try {
    return await verifyDomains({ ...tools, dhcp }, await inventoryFrom(command, file), names, {
      claims: { kind: 'unknown', reason },
      mount: names !== 'all' || probe === true,
      ...(probe && { probe }),
    })
  } finally {
    await tools.close()
  }
}

const UNAPPLIED = {
  why: 'domus serve answers by what was applied, and this is a document alone',
  fix: 'apply it, and run domus serve',
}

function show(view: VerifyView) {
  const { domain, ok, links } = view
  out(`${domain}: ${ok ? 'nothing found that would stop the boot' : 'would not boot'}`)
  out(
    formatTable(
      ['LINK', 'STATUS', 'DETAIL'],
      links.map(({ link, status, detail }) => [link, status, detail]),
    ),
  )
  for (const { link, status, fix } of links)
    if (fix !== undefined && status !== 'ok') out(`  fix ${link}: ${fix}`)
}

/** One line per domain, with the link that matters most, and how many there are of each. */
function showSummary(views: readonly VerifyView[]) {
  const gravest = views.map(({ domain, links }) => ({ domain, ...gravestOf(links) }))
  out(
    formatTable(
      ['DOMAIN', 'STATUS', 'LINK', 'DETAIL'],
      gravest.map(({ domain, status, link, detail }) => [domain, status, link, detail]),
    ),
  )
  for (const { domain, link, status, fix } of gravest)
    if (fix !== undefined && status === 'fail') out(`  fix ${link} of ${domain}: ${fix}`)
  const counts = GRAVITY.map((one) => `${gravest.filter(({ status }) => status === one).length} ${one}`)
  out(`${views.length} domains: ${counts.join(', ')}`)
}

const GRAVITY = ['fail', 'unknown', 'warn', 'ok'] as const

/** The first link of the gravest kind; where all hold, there is none to name. */
function gravestOf(links: VerifyView['links']) {
  const status = GRAVITY.find((one) => links.some((link) => link.status === one)) ?? 'ok'
  const first = links.find((link) => link.status === status)
  if (status === 'ok' || first === undefined) return { status, link: '', detail: '', fix: undefined }
  return first
}
