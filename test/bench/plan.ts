import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openApp } from '../../src/app.ts'
import { loadSettings } from '../../src/config.ts'
import { localMachine } from '../../src/machine/local.ts'
import type { Inventory } from '../../src/model/inventory.ts'
import { unknownFacts } from '../../src/nfs/facts.ts'
import type { SiteFacts } from '../../src/plan/facts.ts'
import { planSite } from '../../src/plan/site.ts'
import { viewPlan } from '../../src/plan/view.ts'
import type { App } from '../../src/service/app.ts'
import { planChange } from '../../src/service/change.ts'
import { requireDocument } from '../../src/service/document.ts'
import { recordChanges } from '../../src/store/record.ts'
import { loadTemplates } from '../../src/templates.ts'
import { type Area, median, timeMs } from './area.ts'

// How the work grows with the site: from a document to the plan with every file rendered and every diff made.

export const area: Area = {
  name: 'plan',
  async run() {
    const templates = loadTemplates('/nonexistent')
    const plan = (count: number) => {
      const wanted = requireDocument(documentOf(count), { site: 'bench' })
      return viewPlan(planSite({ ...BASE, wanted, templates }).plan)
    }
    const plan10k = await timeMs(5, () => plan(10_000))
    const plan20k = await timeMs(5, () => plan(20_000))
    const noop10k = await noopApply(10_000)
    const createMs = await createShare()
    const help = Array.from({ length: 9 }, () => runMs(['src/domus.js', '--help']))
    const bare = Array.from({ length: 9 }, () => runMs(['-e', '0']))
    return {
      figures: {
        plan10kMs: plan10k,
        plan20kMs: plan20k,
        noopApply10kMs: noop10k,
        ourShareOfCreateMs: createMs,
        helpMs: median(help),
        bareNodeMs: median(bare),
        serviceResidentMiB: await residentMiB(),
      },
      ratios: { plan20kOver10k: plan20k / plan10k, helpOverBareNode: median(help) / median(bare) },
    }
  },
}

const EMPTY: Inventory = {
  site: 'bench',
  networks: new Map(),
  servers: new Map(),
  images: new Map(),
  kernels: new Map(),
  hosts: new Map(),
  domains: new Map(),
}

const FACTS: SiteFacts = {
  files: new Map(),
  hosts: new Map([['h1', { running: new Map(), systemd: false }]]),
  servers: new Map([['filer', unknownFacts('this is a bench')]]),
  claims: new Map(),
  unknown: [{ path: 'hosts/h1', message: 'this is a bench' }],
}

const BASE = {
  title: 'apply site bench',
  current: EMPTY,
  revision: 0,
  facts: FACTS,
  exports: { isolation: 'warn' },
} as const

/** A site of so many domains, half of them on one shared image, half on roots of their own. */
function documentOf(count: number): unknown {
  const exclusive = Array.from({ length: count / 2 }, (_one, at) => ({
    name: `root${at}`,
    server: 'filer',
    path: `/srv/roots/root${at}`,
  }))
  return {
    site: 'bench',
    networks: [{ name: 'lan', cidr: '10.0.0.0/8', gateway: '10.255.255.254', dns: ['10.255.255.253'] }],
    servers: [{ name: 'filer', address: '10.255.255.252' }],
    images: [{ name: 'base', server: 'filer', path: '/srv/images/base', sharing: 'shared' }, ...exclusive],
    kernels: [{ name: 'k', path: '/boot/k', type: 'pvh' }],
    hosts: [{ name: 'h1' }],
    domains: Array.from({ length: count }, (_one, at) => ({
      name: `web${at}`,
      image: at % 2 === 0 ? 'base' : exclusive[(at - 1) / 2]?.name,
      memoryMiB: 256,
    })),
  }
}

/** The whole of an apply that finds nothing to do: store, files, export table, plan. */
async function noopApply(count: number): Promise<number> {
  return withApp(async (app, root) => {
    const document = documentOf(count)
    const wanted = requireDocument(document, { site: 'bench' })
    mkdirSync(join(root, 'srv/images/base'), { recursive: true })
    const { plan } = planSite({ ...BASE, wanted, templates: app.templates })
    for (const step of plan.steps) {
      if (step.kind === 'write' || step.kind === 'export') {
        mkdirSync(join(root, step.path, '..'), { recursive: true })
        writeFileSync(join(root, step.path), step.content)
      }
      if (step.kind === 'record') await recordChanges(app.store, step.changes, { revision: 0, at: 'now' })
    }
    return timeMs(5, async () => {
      const { plan: again } = await planChange(app, { kind: 'apply', document })
      const changed = again.steps.filter(({ kind }) => kind !== 'export')
      if (changed.length > 0)
        throw new Error(
          `not a no-op: ${changed.length} steps, first ${JSON.stringify(changed[0]).slice(0, 300)}`,
        )
    })
  })
}

/** What create costs besides xl and exportfs: they are replaced by programs that do nothing. */
async function createShare(): Promise<number> {
  return withApp(async (app) => {
    await recordChanges(
      app.store,
      (() => {
        const wanted = requireDocument(documentOf(100), { site: 'bench' })
        const { plan } = planSite({ ...BASE, wanted, templates: app.templates })
        return plan.steps.flatMap((step) => (step.kind === 'record' ? step.changes : []))
      })(),
      { revision: 0, at: 'now' },
    )
    return timeMs(9, () =>
      planChange(app, { kind: 'create', names: ['fresh'], domain: { image: 'base', host: 'h1' } }),
    )
  })
}

async function withApp<T>(use: (app: App, root: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'domus-bench-'))
  try {
    const root = join(scratch, 'root')
    mkdirSync(root)
    const settings = await loadSettings(undefined, {
      DOMUS_DATA: join(scratch, 'state'),
      DOMUS_SITE: 'bench',
    })
    const app = await openApp(settings)
    // Files are real; programs are not: their time is not ours.
    const run = async (argv: readonly string[]) => ({
      exitCode: 0,
      stdout: argv[0] === 'xl' ? '[]' : '',
      stderr: '',
    })
    const machine = { ...localMachine({ root }), run }
    try {
      return await use({ ...app, machines: () => machine }, root)
    } finally {
      await app.close()
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function runMs(argv: readonly string[]): number {
  const began = performance.now()
  execFileSync(process.execPath, [...argv], { stdio: 'ignore' })
  return performance.now() - began
}

/** Resident memory of a service that has nothing to do, ten seconds after its start. */
async function residentMiB(): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'domus-bench-'))
  const env = { ...process.env, DOMUS_DATA: scratch, DOMUS_SITE: 'bench' }
  const service = spawn(process.execPath, ['src/domus.js', 'serve', '--no-dhcp'], { env, stdio: 'ignore' })
  try {
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    const status = readFileSync(`/proc/${service.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
  } finally {
    service.kill('SIGTERM')
    await new Promise((resolve) => service.once('exit', resolve))
    rmSync(scratch, { recursive: true, force: true })
  }
}
