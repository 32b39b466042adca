import type { ApplyContext } from '../../../src/apply/context.ts'
import { loadKernelData } from '../../../src/kernel-data.ts'
import type { App } from '../../../src/service/app.ts'
import { applyContext } from '../../../src/service/apply-context.ts'
import type { ChangeRequest, OperationView } from '../../../src/service/jobs.ts'
import { runChange } from '../../../src/service/run-change.ts'
import { listClaims } from '../../../src/store/claims.ts'
import { listFences } from '../../../src/store/fences.ts'
import { loadInventory } from '../../../src/store/inventory.ts'
import { openStore } from '../../../src/store/open.ts'
import {
  domainDocument,
  imageDocument,
  networkDocument,
  serverDocument,
  siteDocument,
} from '../../builders/site.ts'
import { templatesWith } from '../../builders/templates.ts'
import { installExportfs, spell } from '../../fakes/exportfs.ts'
import { installXen } from '../../fakes/fake-xen.ts'
import { MemoryMachine, memoryMachines, type Program } from '../../fakes/memory-machine.ts'
import { installMountd } from '../../fakes/mountd.ts'

export type Guest = 'menas' | 'web1' | 'web2' | 'db'

/** A variant of the site: which guests it has, and how they are. */
export interface Site {
  readonly guests: readonly Guest[]
  readonly memoryMiB: number
  readonly autostart: boolean
  /** The roots lie under other paths. */
  readonly isMoved: boolean
}

/** A host, a Linux NFS server with a shared image and a FreeBSD one, as a site document. */
export function siteDocumentOf({ guests, memoryMiB, autostart, isMoved }: Site) {
  const path = (name: string) => `/srv/${name}${isMoved ? '-moved' : ''}`
  const images = { menas: 'slack', web1: 'base', web2: 'base', db: 'database' } as const
  return siteDocument({
    networks: [networkDocument()],
    servers: [
      serverDocument({ machine: 'ssh://filer' }),
      serverDocument({ name: 'bsd', address: '38.99.2.8', kind: 'freebsd', machine: 'ssh://bsd' }),
    ],
    images: [
      imageDocument({ path: path('slack') }),
      imageDocument({ name: 'base', path: path('base'), sharing: 'shared' }),
      imageDocument({ name: 'database', server: 'bsd', path: path('database') }),
    ],
    hosts: [{ name: 'h1', machine: 'ssh://h1', toolstack: 'xl' }],
    domains: guests.map((name, at) =>
      domainDocument({ name, image: images[name], memoryMiB, autostart, address: `38.99.2.${210 + at}` }),
    ),
  })
}

/** The whole of a small site in memory. */
export interface WholeSite {
  readonly app: App
  readonly machines: readonly MemoryMachine[]
  /** Carries a change out that goes well. */
  run(request: ChangeRequest): Promise<OperationView>
  /** The context of another process, after the one before it died. */
  nextProcess(): ApplyContext
  /** Somebody puts a line of his own into our drop-in, and makes it live. */
  editDropIn(): void
  /** All that a plan can change, in a form that can be compared. */
  picture(): Promise<Picture>
}

export interface Picture {
  readonly running: readonly string[]
  readonly rest: unknown
}

// Links, as files with their target; the machine in memory knows nothing else.
const LN: Program = ([, , target = '', link = ''], _options, machine) => {
  machine.put(link, `-> ${target}`)
  return {}
}
const RM: Program = ([, , path = ''], _options, machine) => {
  machine.files.delete(path)
  return {}
}

function makeHost(): { machine: MemoryMachine; running(): string[] } {
  const machine = new MemoryMachine('ssh://h1')
  const { domains } = installXen(machine)
  machine.programs.set('ln', LN)
  machine.programs.set('rm', RM)
  machine.programs.set('mkdir', () => ({})) // -p: whatever was there before, it is there afterwards
  return { machine, running: () => domains.map(({ name }) => name).sort() }
}

export async function openWholeSite(): Promise<WholeSite> {
  const host = makeHost()
  const filer = new MemoryMachine('ssh://filer')
  const bsd = new MemoryMachine('ssh://bsd')
  filer.put('/etc/exports', '/srv/theirs 10.0.0.1(ro,sync,no_subtree_check)\n')
  bsd.put('/etc/exports', '/home -alldirs -network 10.0.0.0/8\n', { mode: 0o640, uid: 1, gid: 2 })
  const live = installExportfs(filer)
  live.set('/srv/theirs 10.0.0.1', 'ro,sync,no_subtree_check')
  const mountd = installMountd(bsd)
  const machines = [host.machine, filer, bsd]
  const store = await openStore('sqlite::memory:')
  const app: App = {
    machines: memoryMachines(...machines),
    templates: templatesWith(),
    site: 'book',
    isolation: 'warn',
    kernelData: () => loadKernelData(),
    verdicts: { get: () => undefined, put: () => undefined },
    unpackers: {},
    dhcp: { ports: { server: 67, client: 68 }, rivals: () => [], silence: () => undefined },
    now: () => new Date('2026-01-02T03:04:05Z'),
    note: () => undefined,
    store,
    who: 'anna',
    close: () => store.close(),
  }
  let pid = 1
  return {
    app,
    machines,
    async run(request) {
      const view = await runChange(app, request, {})
      if (view.outcome !== 'done') throw new Error(JSON.stringify(view))
      return view
    },
    nextProcess() {
      const living = ++pid
      return {
        ...applyContext(app),
        owner: { pid: living, startTicks: '1', bootId: 'b', pidNamespace: 'n' },
        isOwnerAlive: (other) => other.pid === living,
      }
    },
    editDropIn() {
      const path = '/etc/exports.d/domus.exports'
      const line = '/srv/more 10.0.0.2(ro,sync,no_subtree_check)'
      filer.put(path, `${filer.files.get(path)?.content ?? ''}${line}\n`, { mode: 0o640, gid: 4 })
      live.set('/srv/more 10.0.0.2', 'ro,sync,no_subtree_check')
    },
    async picture() {
      const { inventory } = await loadInventory(store, 'book')
      const claims = await listClaims(store)
      return {
        running: host.running(),
        rest: {
          files: machines.map(({ files }) => Object.fromEntries([...files].sort())),
          live: Object.fromEntries([...live].map(([key, options]) => [key, spell(options)]).sort()),
          mountd: Object.fromEntries([...mountd.exported].sort()),
          inventory,
          fenced: [...(await listFences(store)).keys()].sort(),
          claims: claims.map(({ generation: _counted, ...claim }) => claim),
        },
      }
    },
  }
}
