import { expect, test } from 'vitest'
import type { Inventory } from '../../../src/model/inventory.ts'
import { fileKey, type SiteFacts } from '../../../src/plan/facts.ts'
import type { FileFact } from '../../../src/plan/plan.ts'
import { planSite } from '../../../src/plan/site.ts'
import { describePlan, viewPlan } from '../../../src/plan/view.ts'
import { toolstacks } from '../../../src/toolstack/kinds.ts'
import { exportedFacts, factsOf, templates } from '../../builders/exports.ts'
import {
  domainDocument,
  guestFrom,
  imageDocument,
  inventoryOf,
  serverDocument,
  siteDocument,
} from '../../builders/site.ts'

const EMPTY: Inventory = {
  site: 'book',
  networks: new Map(),
  servers: new Map(),
  images: new Map(),
  kernels: new Map(),
  hosts: new Map(),
  domains: new Map(),
}
const book = inventoryOf()
const config = toolstacks.xl.render(guestFrom(), templates)
const PATH = fileKey('local', '/etc/xen/menas.cfg')
const file = (content: string): FileFact => ({ kind: 'file', content, mode: 0o644 })

const facts = (over: Partial<SiteFacts> = {}): SiteFacts => ({
  files: new Map([[PATH, { kind: 'absent' }]]),
  hosts: new Map([['h1', { running: new Map(), systemd: false }]]),
  servers: new Map([['filer', factsOf(book)]]),
  claims: new Map(),
  unknown: [],
  ...over,
})
const asApplied = (over: Partial<SiteFacts> = {}) =>
  facts({
    files: new Map([[PATH, file(config)]]),
    servers: new Map([['filer', exportedFacts(book)]]),
    ...over,
  })

const plan = (current: Inventory, wanted: Inventory, seen: SiteFacts, over: object = {}) =>
  planSite({
    title: 'apply site book',
    current,
    revision: 3,
    siteName: 'book',
    wanted,
    facts: seen,
    templates,
    exports: { isolation: 'warn' },
    ...over,
  })

const running = new Map([
  [
    'menas',
    {
      name: 'menas',
      domid: 7,
      uuid: 'u',
      type: 'pv',
      memoryMiB: 256,
      kernel: undefined,
      ramdisk: undefined,
      cmdline: undefined,
      vifs: [],
    },
  ],
])

test('a new site, as a person reads it', () => {
  const { plan: made, refusals } = plan(EMPTY, book, facts())
  expect(refusals).toEqual([])
  expect(describePlan(made)).toEqual([
    'apply site book',
    '  ~ export filer:/etc/exports.d/domus.exports (+1 line)',
    `  + write h1:/etc/xen/menas.cfg (${config.length} bytes)`,
    '  ~ record +networks/lan +servers/filer +images/slack +kernels/nfsroot and 2 more',
  ])
})

test('the view has a diff per file and is JSON-safe', () => {
  const view = viewPlan(plan(EMPTY, book, facts()).plan)
  expect(view).toMatchObject({ facts: 'known', changes: 3 })
  expect(view.steps[0]).toMatchObject({
    kind: 'export',
    machine: 'local',
    path: '/etc/exports.d/domus.exports',
  })
  expect(view.steps[0]?.diff).toContain('+/usr/xen/images/slack 38.99.2.222(')
  expect(view.steps[1]?.diff).toMatch(/^--- \/dev\/null\n\+\+\+ h1:\/etc\/xen\/menas.cfg\n/)
  expect(JSON.parse(JSON.stringify(view))).toEqual(view)
})

test('what is there already is not in the plan', () => {
  expect(plan(book, book, asApplied()).plan.steps).toEqual([])
})

test('a config changed by hand is put back, with the difference shown', () => {
  const seen = asApplied({ files: new Map([[PATH, file(config.replace('memory = 256', 'memory = 512'))]]) })
  const view = viewPlan(plan(book, book, seen).plan)
  expect(view.steps.map(({ kind }) => kind)).toEqual(['write'])
  expect(view.steps[0]?.diff).toContain('-memory = 512\n+memory = 256\n')
})

test('a file that is not ours is never written over', () => {
  const seen = facts({ files: new Map([[PATH, file('name = "menas"\n')]]) })
  expect(plan(EMPTY, book, seen).refusals).toEqual([
    {
      path: 'domains/menas',
      message: expect.stringContaining('h1:/etc/xen/menas.cfg is there already and is not ours'),
    },
  ])
})

test('a change to a running guest warns that it comes at the next start', () => {
  const bigger = inventoryOf(siteDocument({ domains: [domainDocument({ memoryMiB: 512 })] }))
  const { plan: made } = plan(
    book,
    bigger,
    asApplied({ hosts: new Map([['h1', { running, systemd: false }]]) }),
  )
  expect(made.steps.map(({ kind }) => kind)).toEqual(['write', 'record'])
  expect(made.warnings).toEqual([
    { path: 'domains/menas', message: expect.stringContaining('takes effect when it is started next') },
  ])
})

const claim = {
  root: 'filer:/usr/xen/images/slack',
  domain: 'menas',
  host: 'h1',
  generation: 1,
  since: 'then',
}
const withoutMenas = inventoryOf(siteDocument({ domains: [] }))

test('a domain that goes takes its export, its config and its claim with it', () => {
  const { plan: made } = plan(book, withoutMenas, asApplied({ claims: new Map([['menas', claim]]) }))
  expect(made.steps).toMatchObject([
    { kind: 'export', after: [] },
    { kind: 'remove', path: '/etc/xen/menas.cfg' },
    {
      kind: 'record',
      changes: [
        { noun: 'domains', name: 'menas' },
        { noun: 'claims', name: claim.root, before: claim },
      ],
    },
  ])
})

test('a running domain is not deleted', () => {
  const seen = asApplied({ hosts: new Map([['h1', { running, systemd: false }]]) })
  expect(plan(book, withoutMenas, seen).refusals).toContainEqual({
    path: 'domains/menas',
    message: 'runs on h1 as domain 7; stop it first: domus stop menas',
  })
})

test('a config that is not ours any more stays when its domain goes', () => {
  const seen = asApplied({ files: new Map([[PATH, file('by hand')]]) })
  const { plan: made } = plan(book, withoutMenas, seen)
  expect(made.steps.map(({ kind }) => kind)).toEqual(['export', 'record'])
  expect(made.warnings).toEqual([
    { path: 'domains/menas', message: 'h1:/etc/xen/menas.cfg is not ours any more and stays' },
  ])
})

test('a domain that moves to another host while stopped has its config moved; a running one is refused', () => {
  const hosts = [{ name: 'h1' }, { name: 'h2', machine: 'ssh://h2' }]
  const before = inventoryOf(siteDocument({ hosts }))
  const after = inventoryOf(siteDocument({ hosts, domains: [domainDocument({ host: 'h2' })] }))
  const files = new Map<string, FileFact>([
    [PATH, file(config)],
    [fileKey('ssh://h2', '/etc/xen/menas.cfg'), { kind: 'absent' }],
  ])
  const seen = asApplied({ files })
  expect(plan(before, after, seen).plan.steps).toMatchObject([
    { kind: 'write', on: 'h2', machine: 'ssh://h2' },
    { kind: 'remove', on: 'h1' },
    { kind: 'record' },
  ])
  const busy = asApplied({ files, hosts: new Map([['h1', { running, systemd: false }]]) })
  expect(plan(before, after, busy).refusals).toMatchObject([
    { message: expect.stringContaining('domus migrate menas h2') },
  ])
})

test('autostart links the config and unlinks it again', () => {
  const auto = inventoryOf(siteDocument({ domains: [domainDocument({ autostart: true })] }))
  const link = { argv: ['ln', '-sfn', '/etc/xen/menas.cfg', '/etc/xen/auto/menas.cfg'] }
  expect(plan(book, auto, asApplied()).plan.steps).toMatchObject([
    { kind: 'run', argv: ['mkdir', '-p', '/etc/xen/auto'] },
    { kind: 'run', ...link },
    { kind: 'record' },
  ])
  expect(plan(auto, book, asApplied()).plan.steps).toMatchObject([
    { kind: 'run', undo: link.argv },
    { kind: 'record' },
  ])
})

test('what could not be looked at makes the facts unknown, and the plan still shows', () => {
  const { plan: made, refusals } = plan(
    EMPTY,
    book,
    facts({ files: new Map(), servers: new Map(), unknown: [{ path: 'hosts/h1', message: 'no route' }] }),
  )
  expect(refusals).toEqual([])
  expect(made.facts).toBe('unknown')
  expect(made.steps.map(({ kind }) => kind)).toEqual(['export', 'write', 'record'])
})

test('a server kind that nobody can change is told to the person', () => {
  const printed = inventoryOf(
    siteDocument({ servers: [{ name: 'filer', address: '38.99.2.7', kind: 'print' }] }),
  )
  const { plan: made } = plan(EMPTY, printed, facts())
  expect(made.steps.map(({ kind }) => kind)).toEqual(['write', 'record'])
  expect(made.warnings.map(({ message }) => message).join()).toContain('38.99.2.222')
})

test('with a scope only its domains are looked at', () => {
  const images = [imageDocument({ sharing: 'shared' })]
  const two = inventoryOf(
    siteDocument({
      images,
      domains: [domainDocument(), domainDocument({ name: 'web1', address: '38.99.2.223' })],
    }),
  )
  const one = inventoryOf(siteDocument({ images }))
  const seen = facts({
    files: new Map([[fileKey('local', '/etc/xen/web1.cfg'), { kind: 'absent' }]]),
    servers: new Map([['filer', exportedFacts(one)]]),
  })
  const { plan: made } = plan(one, two, seen, { scope: new Set(['web1']) })
  expect(describePlan(made)).toEqual([
    'apply site book',
    '  ~ export filer:/etc/exports.d/domus.exports (+1 line)',
    expect.stringContaining('  + write h1:/etc/xen/web1.cfg'),
    '  ~ record +domains/web1',
  ])
})

test('a host that becomes another machine is refused while its guests hold roots', () => {
  const moved = inventoryOf(siteDocument({ hosts: [{ name: 'h1', machine: 'ssh://root@new' }] }))
  const held = plan(book, moved, asApplied({ claims: new Map([['menas', claim]]) }))
  expect(held.refusals).toEqual([
    {
      path: 'hosts/h1/machine',
      message: expect.stringMatching(/^menas started on local and may run there still: stop them first/),
    },
  ])
  expect(plan(book, moved, asApplied()).refusals).toEqual([])
})

test('a host under another name keeps the config, which is its own', () => {
  const renamed = inventoryOf(
    siteDocument({ hosts: [{ name: 'h2' }], domains: [domainDocument({ host: 'h2' })] }),
  )
  const hosts = new Map(['h1', 'h2'].map((name) => [name, { running: new Map(), systemd: false }]))
  const { plan: made, refusals } = plan(book, renamed, asApplied({ hosts }))
  expect(refusals).toEqual([])
  expect(made.steps.map(({ kind }) => kind)).toEqual(['record'])
})

test('a server under another name keeps its exports', () => {
  const renamed = inventoryOf(
    siteDocument({
      servers: [serverDocument({ name: 'filer2' })],
      images: [imageDocument({ server: 'filer2' })],
    }),
  )
  const servers = new Map(['filer', 'filer2'].map((name) => [name, exportedFacts(book)]))
  const { plan: made } = plan(book, renamed, asApplied({ servers }))
  expect(made.steps.map(({ kind }) => kind)).toEqual(['record'])
})

test('a domain that runs on another host than it is recorded on is not deleted', () => {
  const uuid = book.domains.get('menas')?.uuid ?? ''
  const copy = [...running.values()].map((one) => [one.name, { ...one, uuid }] as const)
  const hosts = new Map([
    ['h1', { running: new Map(), systemd: false }],
    ['h2', { running: new Map(copy), systemd: false }],
  ])
  const { refusals } = plan(book, { ...book, domains: new Map() }, asApplied({ hosts }))
  expect(refusals).toContainEqual({
    path: 'domains/menas',
    message:
      'runs on h2 as domain 7; it is recorded on h1: let the record follow it with domus repair menas, then stop it',
  })
})
