import { afterEach, beforeEach, expect, test } from 'vitest'
import { LINKS } from '../../../src/boot/link.ts'
import type { Jobs } from '../../../src/service/jobs.ts'
import { localJobs } from '../../../src/service/local-jobs.ts'
import { listClaims } from '../../../src/store/claims.ts'
import { listFences } from '../../../src/store/fences.ts'
import { openTestApp } from '../../builders/app.ts'
import { domainDocument, imageDocument, serverDocument, siteDocument } from '../../builders/site.ts'
import { installExportfs, type LiveTable } from '../../fakes/exportfs.ts'
import { installXen } from '../../fakes/fake-xen.ts'
import { MemoryMachine, memoryMachines } from '../../fakes/memory-machine.ts'

const KEY = '/srv/xen/slack 38.99.2.222'
const document = siteDocument({
  images: [imageDocument({ path: '/srv/xen/slack' }), imageDocument({ name: 'suse', path: '/srv/xen/suse' })],
  hosts: [
    { name: 'h1', machine: 'local', toolstack: 'xl' },
    { name: 'h2', machine: 'ssh://h2', toolstack: 'xl' },
  ],
  domains: [
    domainDocument(),
    domainDocument({ name: 'web1', image: 'suse', host: 'h2', address: '38.99.2.223' }),
  ],
})

let opened: Awaited<ReturnType<typeof openTestApp>>
let h2: ReturnType<typeof installXen>
let live: LiveTable
let jobs: Jobs

beforeEach(async () => {
  const [local, other] = [new MemoryMachine('local'), new MemoryMachine('ssh://h2')]
  opened = await openTestApp({ machines: memoryMachines(local, other) })
  installXen(local)
  h2 = installXen(other)
  live = installExportfs(local)
  jobs = await localJobs(opened.app)
  await jobs.run({ kind: 'apply', document })
  await jobs.run({ kind: 'start', name: 'menas', force: LINKS })
})
afterEach(() => opened.app.close())

const linksOf = async () => (await jobs.verify(['menas']))[0]?.links ?? []

test('a fence takes the export of a running guest, and its claim; those of others stay', async () => {
  expect(live.has(KEY)).toBe(true)
  const view = await jobs.run({ kind: 'fence', name: 'menas' })
  expect(view).toMatchObject({
    title: 'fence domain menas: end its export of filer:/srv/xen/slack',
    outcome: 'done',
    steps: [{ kind: 'export' }, { kind: 'record' }],
    warnings: [{ path: 'domains/menas', message: expect.stringContaining('runs on h1 as domain 1') }],
  })
  expect([...live.keys()]).toEqual(['/srv/xen/suse 38.99.2.223'])
  expect(await listClaims(opened.app.store)).toEqual([])
})

test('a fenced guest is told so by verify, first of all links that fail for it', async () => {
  await jobs.run({ kind: 'fence', name: 'menas' })
  expect((await linksOf()).find(({ link }) => link === 'export')).toEqual({
    link: 'export',
    status: 'fail',
    detail: 'menas is fenced since 2026-11-23T06:00:00.000Z: nothing is exported to it',
    fix: 'once no other copy of it runs: domus fence --lift menas',
  })
})

test('no apply brings the export back', async () => {
  await jobs.run({ kind: 'fence', name: 'menas' })
  expect(await jobs.run({ kind: 'apply', document })).toMatchObject({ changes: 0 })
  expect(live.has(KEY)).toBe(false)
})

test('a fence that is lifted exports the root again, and gives a running guest its claim back', async () => {
  await jobs.run({ kind: 'fence', name: 'menas' })
  expect(await jobs.run({ kind: 'fence', name: 'menas', lift: true })).toMatchObject({ outcome: 'done' })
  expect(live.has(KEY)).toBe(true)
  expect(await listFences(opened.app.store)).toEqual(new Map())
  expect(await listClaims(opened.app.store)).toMatchObject([
    { root: 'filer:/srv/xen/slack', domain: 'menas', host: 'h1' },
  ])
})

test('a fence that is lifted claims nothing for a guest that was ended', async () => {
  await jobs.run({ kind: 'fence', name: 'menas' })
  await jobs.run({ kind: 'destroy', name: 'menas' })
  await jobs.run({ kind: 'fence', name: 'menas', lift: true })
  expect(await listClaims(opened.app.store)).toEqual([])
})

test('a guest that runs on behind a fence is told so, with the way back', async () => {
  await jobs.run({ kind: 'fence', name: 'menas' })
  expect((await linksOf()).find(({ link }) => link === 'claim')).toEqual({
    link: 'claim',
    status: 'warn',
    detail:
      'menas gave up its claim when it was fenced at 2026-11-23T06:00:00.000Z, and runs on host h1 still',
    fix: 'end it: domus destroy menas; to use it again: domus fence menas --lift, then domus start menas',
  })
})

test('a fence stays up while the guest runs twice', async () => {
  const [first] = opened.xen.domains
  h2.add({ name: 'menas', uuid: first?.uuid ?? 'x', cmdline: '' })
  await jobs.run({ kind: 'fence', name: 'menas' })
  h2.add({ name: 'menas', uuid: 'y', cmdline: '' })
  await expect(jobs.run({ kind: 'fence', name: 'menas', lift: true })).rejects.toMatchObject({
    code: 'refused',
    problems: [{ path: 'domains/menas', message: expect.stringContaining('end all but one of them first') }],
  })
})

test('a fence goes up although a host does not answer, and comes down only when it does', async () => {
  const remote = opened.app.machines('ssh://h2') as MemoryMachine
  remote.fault = () => 'unreachable'
  expect(await jobs.run({ kind: 'fence', name: 'menas' })).toMatchObject({
    outcome: 'done',
    warnings: expect.arrayContaining([
      { path: 'hosts/h2', message: expect.stringContaining('what it runs') },
    ]),
  })
  expect([...live.keys()]).toEqual(['/srv/xen/suse 38.99.2.223'])
  await expect(jobs.run({ kind: 'fence', name: 'menas', lift: true })).rejects.toMatchObject({
    code: 'unreachable',
  })
})

test('a second fence has nothing to do, and so has lifting none', async () => {
  await jobs.run({ kind: 'fence', name: 'menas' })
  expect(await jobs.plan({ kind: 'fence', name: 'menas' })).toMatchObject({ changes: 0 })
  expect(await jobs.plan({ kind: 'fence', name: 'web1', lift: true })).toMatchObject({ changes: 0 })
})

test('a fence that fails leaves everything as it was', async () => {
  const machine = opened.app.machines('local') as MemoryMachine
  machine.fault = (action) => (action.startsWith('run exportfs -u') ? 'fail-before' : undefined)
  expect(await jobs.run({ kind: 'fence', name: 'menas' })).toMatchObject({ outcome: 'rolled-back' })
  expect(live.has(KEY)).toBe(true)
  expect(await listFences(opened.app.store)).toEqual(new Map())
})

test('a domain that is deleted takes its fence with it', async () => {
  await jobs.run({ kind: 'fence', name: 'menas' })
  await jobs.run({ kind: 'destroy', name: 'menas' })
  await jobs.run({ kind: 'delete', noun: 'domains', name: 'menas' })
  expect(await listFences(opened.app.store)).toEqual(new Map())
})

test('on a server that domus does not change, a fence is for a person', async () => {
  const other = { ...document, servers: [serverDocument({ kind: 'print' })] }
  await jobs.run({ kind: 'destroy', name: 'menas' })
  await jobs.run({ kind: 'apply', document: other, exports: 'overwrite' })
  expect(await jobs.plan({ kind: 'fence', name: 'menas' })).toMatchObject({
    refusals: [{ path: 'servers/filer', message: expect.stringContaining('by hand') }],
  })
})
