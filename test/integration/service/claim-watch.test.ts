import { afterEach, beforeEach, expect, test } from 'vitest'
import { processOwner } from '../../../src/apply/owner.ts'
import type { Breach } from '../../../src/boot/breaches.ts'
import { LINKS } from '../../../src/boot/link.ts'
import { type ClaimWatch, openClaimWatch } from '../../../src/service/claim-watch.ts'
import { localJobs } from '../../../src/service/local-jobs.ts'
import { beginOperation } from '../../../src/store/journal.ts'
import { openTestApp } from '../../builders/app.ts'
import { domainDocument, serverDocument, siteDocument } from '../../builders/site.ts'
import { installXen } from '../../fakes/fake-xen.ts'
import { MemoryMachine, memoryMachines } from '../../fakes/memory-machine.ts'

const document = siteDocument({
  servers: [serverDocument({ kind: 'print' })],
  hosts: [
    { name: 'h1', machine: 'local', toolstack: 'xl' },
    { name: 'h2', machine: 'ssh://h2', toolstack: 'xl' },
  ],
  domains: [domainDocument()],
})

let opened: Awaited<ReturnType<typeof openTestApp>>
let h1: ReturnType<typeof installXen>
let h2: ReturnType<typeof installXen>
let other: MemoryMachine
let told: string[]
let watch: ClaimWatch

beforeEach(async () => {
  const local = new MemoryMachine('local')
  other = new MemoryMachine('ssh://h2')
  opened = await openTestApp({ machines: memoryMachines(local, other) })
  h1 = installXen(local)
  h2 = installXen(other)
  const jobs = await localJobs(opened.app)
  await jobs.run({ kind: 'apply', document })
  await jobs.run({ kind: 'start', name: 'menas', force: LINKS })
  told = []
  const say =
    (what: string) =>
    ({ domain, root }: Breach) =>
      void told.push(`${what}: ${domain.name} on ${domain.host} at ${root}`)
  watch = openClaimWatch(opened.app, {
    everyMs: 3_600_000,
    found: say('found'),
    over: say('over'),
    fault(error) {
      throw error
    },
  })
})
afterEach(async () => {
  watch.close()
  await opened.app.close()
})

/** `xl create` by hand on the other host, with the root of menas. */
const startByHand = () =>
  h2.add({
    name: 'copy',
    uuid: 'b0f7c6a1-0000-4000-8000-000000000001',
    cmdline: h1.domains[0]?.cmdline ?? '',
  })

test('a guest that domus started is not told of', async () => {
  await watch.check()
  expect(told).toEqual([])
})

test('a copy that was started by hand is told once, and once more when it is gone', async () => {
  startByHand()
  await watch.check()
  await watch.check()
  expect(told).toEqual(['found: copy on h2 at filer:/usr/xen/images/slack'])
  expect(watch.breaches()).toMatchObject([{ owner: { domain: 'menas', host: 'h1' } }])
  await other.run(['xl', 'destroy', 'copy'])
  await watch.check()
  expect(told.at(-1)).toBe('over: copy on h2 at filer:/usr/xen/images/slack')
  expect(watch.breaches()).toEqual([])
})

test('a host that cannot be asked does not end what was found there', async () => {
  startByHand()
  await watch.check()
  other.fault = () => 'unreachable'
  await watch.check()
  expect(told).toHaveLength(1)
  expect(watch.breaches()).toHaveLength(1)
})

test('what an operation works on is left alone', async () => {
  startByHand()
  await beginOperation(opened.app.store, {
    plan: { title: 'migrate', steps: [], warnings: [], facts: 'known' },
    who: 'root',
    subjects: ['domain/menas'],
    owner: processOwner(),
    at: '2026-01-01T00:00:00.000Z',
  })
  await watch.check()
  expect(told).toEqual([])
})

test('verify of the owner names the copy and the way to end it', async () => {
  startByHand()
  const [view] = await (await localJobs(opened.app)).verify(['menas'])
  expect(view?.links.find(({ link }) => link === 'claim')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('copy (domain 1 on host h2) mounts filer:/usr/xen/images/slack rw'),
    fix: expect.stringContaining('xl destroy 1 on h2'),
  })
})
