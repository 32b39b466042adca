import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openApp } from '../../src/app.ts'
import { loadSettings } from '../../src/config.ts'
import { changeOf } from '../../src/dhcp/change.ts'
import { serveDhcp } from '../../src/dhcp/socket/serve.ts'
import { DomusError } from '../../src/errors.ts'
import { readKernel } from '../../src/kernel/acquire.ts'
import { checkKernel } from '../../src/kernel/check.ts'
import { loadKernelData } from '../../src/kernel-data.ts'
import { localMachine } from '../../src/machine/local.ts'
import { type Guest, guestOf, type Inventory } from '../../src/model/inventory.ts'
import { describePlan, viewPlan } from '../../src/plan/view.ts'
import type { App } from '../../src/service/app.ts'
import { planChange } from '../../src/service/change.ts'
import { parseSiteText, requireDocument } from '../../src/service/document.ts'
import { openRenderer } from '../../src/service/render.ts'
import { verifyDomains } from '../../src/service/verify.ts'
import { LOOPBACK_BROADCAST, openKernelDhcpClient } from '../fakes/kernel-dhcp-client.ts'

// npm run demo: the main job on the book's example, in a scratch folder, without Xen, root or network. Everything shown
// is made by the program itself; what only a real host can prove is said to be so.

const here = import.meta.dirname
const scratch = mkdtempSync(join(tmpdir(), 'domus-demo-'))
try {
  await demo()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

async function demo() {
  const app = await openScratchApp()
  const document = await parseSiteText(readFileSync(join(here, 'site.yaml'), 'utf8'), 'test/demo/site.yaml')
  const inventory = requireDocument(document, { site: 'book' })
  const renderer = openRenderer(inventory, app.templates)

  chapter('1. The plan', 'domus plan -f test/demo/site.yaml')
  await showPlan(app, document)

  chapter('2. The domU config', 'domus render domain menas -f test/demo/site.yaml')
  say(renderer.domain('menas', 'xl'))

  chapter('3. The exports entry', 'domus render exports filer -f test/demo/site.yaml')
  say(renderer.exports('filer'))

  chapter("4. The book's slip: another address", 'domus plan -f …, with menas at 38.99.3.222')
  await showSlip(document)

  chapter('5. Two kernels', 'domus kernel check kernel-configs/samples/…')
  await showKernels()

  chapter('6. DHCP, over UDP on the loopback interface', 'the same guest with boot: dhcp')
  await showDhcp(document)

  chapter('7. Every link of the boot', 'domus verify menas -f test/demo/site.yaml')
  await showLinks(app, inventory)
  await app.close()
}

/** The program as it is, with a state folder and a file system of its own. */
async function openScratchApp(): Promise<App> {
  const settings = await loadSettings(undefined, {
    DOMUS_DATA: join(scratch, 'state'),
    DOMUS_SITE: 'book',
    DOMUS_CONFIG: emptySettings(),
  })
  const app = await openApp(settings)
  const root = join(scratch, 'root')
  mkdirSync(join(root, 'usr/xen/images/slack/sbin'), { recursive: true })
  mkdirSync(join(root, 'boot'), { recursive: true })
  cpSync('kernel-configs/samples/domu-6.1.config', join(root, 'boot/config-nfsroot'))
  // Files are those of the scratch folder; programs would look at this machine, or at the network, instead.
  const run = async ([program = '']: readonly string[]) => {
    throw new DomusError('unreachable', `the demo runs no ${program}`)
  }
  const machine = { ...localMachine({ root }), run }
  return { ...app, machines: () => machine }
}

function emptySettings(): string {
  const file = join(scratch, 'domus.yaml')
  writeFileSync(file, '{}\n')
  return file
}

async function showPlan(app: App, document: unknown) {
  const { plan } = await planChange(app, { kind: 'apply', document })
  const view = viewPlan(plan)
  const [title = '', ...lines] = describePlan({ ...plan, warnings: [] })
  say(title)
  for (const [index, line] of lines.entries()) {
    say(line)
    const diff = view.steps[index]?.diff
    if (diff) say(diff.trimEnd())
  }
  say(
    view.facts === 'known'
      ? '(everything could be looked at)'
      : '(here is no Xen and no NFS server to look at: apply would refuse until it can)',
  )
}

async function showSlip(document: unknown) {
  const text = JSON.stringify(document).replace('38.99.2.222', '38.99.3.222')
  try {
    requireDocument(JSON.parse(text), { site: 'book' })
    throw new Error('the slip was not caught')
  } catch (error) {
    if (!(error instanceof Error && 'problems' in error)) throw error
    for (const { path, message } of error.problems as { path: string; message: string }[])
      say(`${path}: ${message}`)
  }
}

async function showKernels() {
  const data = await loadKernelData()
  for (const sample of ['domu-6.1.config', 'debian-cloud-6.1.config']) {
    const path = `kernel-configs/samples/${sample}`
    const input = await readKernel({ path }, { read: async (file) => readFileSync(file) })
    const verdict = checkKernel(input, { type: 'pv', boot: 'dhcp', nfs: '3' }, data)
    say(`${path}: ${verdict.verdict}`)
    for (const { symbol, have, want, menu, severity } of verdict.findings
      .filter((one) => one.severity === 'error')
      .slice(0, 4))
      say(
        `  ${severity}: ${symbol} is ${have}, wanted ${want}${menu.length > 0 ? ` (${menu.join(' → ')})` : ''}`,
      )
  }
}

async function showDhcp(document: unknown) {
  const inventory = requireDocument(JSON.parse(JSON.stringify(document).replace('"static"', '"dhcp"')), {
    site: 'book',
  })
  const guest = onlyGuest(inventory)
  const client = await openKernelDhcpClient()
  const service = await serveDhcp({
    source: () => changeOf([guest], [guest.network]),
    ports: { server: 0, client: client.port },
    broadcastAddress: LOOPBACK_BROADCAST,
    bindAddresses: { lan: '127.0.0.1' },
  })
  try {
    say(
      `responder on port ${service.ports.server}, client on port ${client.port}; ${guest.domain.mac} asks as the kernel does`,
    )
    const reading = await client.boot(guest.domain.mac, service.ports)
    say(`  address ${reading.address}, root ${reading.rootServer}:${reading.rootPath}`)
    const stranger = await client
      .boot('00:16:3e:ff:ff:ff', { server: service.ports.server, timeoutMs: 300 })
      .catch((error: Error) => error.message)
    say(`  a stranger: ${typeof stranger === 'string' ? stranger : 'was answered, which must not be'}`)
  } finally {
    await service.close()
    client.close()
  }
}

async function showLinks(app: App, inventory: Inventory) {
  const [view] = await verifyDomains(app, inventory, ['menas'], {
    claims: { kind: 'unknown', reason: 'nothing is applied here' },
  })
  for (const { link, status, detail } of view?.links ?? [])
    say(`  ${link.padEnd(8)} ${status === 'ok' ? 'proved' : 'needs a real host'}: ${detail}`)
}

function onlyGuest(inventory: Inventory): Guest {
  const [domain] = inventory.domains.values()
  if (!domain) throw new Error('the demo has lost its guest')
  return guestOf(inventory, domain)
}

function chapter(title: string, command: string) {
  say(`\n== ${title}\n   ${command}\n`)
}

function say(text: string) {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}
