import { localJobs } from '../../src/service/local-jobs.ts'
import { openRenderer } from '../../src/service/render.ts'
import { listClaims } from '../../src/store/claims.ts'
import { loadInventory } from '../../src/store/inventory.ts'
import { recordChanges } from '../../src/store/record.ts'
import { memoryMachines } from '../fakes/memory-machine.ts'
import { XenPair } from '../fakes/xen-pair.ts'
import { openTestApp } from './app.ts'
import { kernelVerdict } from './boot-facts.ts'
import { domainDocument, inventoryOf, siteDocument } from './site.ts'

type Fields = Record<string, unknown>

export const KERNEL = '/boot/vmlinuz-nfsroot'

/** A site of two hosts with a guest that runs on the first, recorded, its claim taken. */
export async function openMigrationApp({ domain = {}, over = {} }: { domain?: Fields; over?: Fields } = {}) {
  const pair = new XenPair()
  const { h1, h2 } = pair
  const { app } = await openTestApp({
    machines: memoryMachines(h1.machine, h2.machine),
    verdicts: { get: () => kernelVerdict(), put: () => undefined },
  })
  const inventory = inventoryOf(
    siteDocument({
      hosts: [
        { name: 'h1', machine: 'ssh://root@h1' },
        { name: 'h2', machine: 'ssh://root@h2' },
      ],
      domains: [domainDocument({ memoryMiB: 64, ...domain })],
      ...over,
    }),
  )
  const guest = inventory.domains.get('menas')
  if (guest === undefined) throw new Error('the site has no menas')
  const root = 'filer:/usr/xen/images/slack'
  const claim = { root, domain: 'menas', host: 'h1', generation: 1, since: '2026-11-23T06:00:00.000Z' }
  await recordChanges(
    app.store,
    [
      { noun: 'site', name: 'site', after: inventory.site },
      ...(['networks', 'servers', 'images', 'kernels', 'hosts', 'domains'] as const).flatMap((noun) =>
        [...inventory[noun].values()].map((after) => ({ noun, name: after.name, after })),
      ),
      { noun: 'claims', name: root, after: claim },
    ],
    { revision: 0, at: claim.since },
  )
  h1.machine.put(KERNEL, 'a kernel')
  h2.machine.put(KERNEL, 'a kernel')
  const jobs = await localJobs(app)
  h1.machine.put('/etc/xen/menas.cfg', openRenderer(inventory, app.templates).domain('menas', 'xl'))
  const copy = h1.add('menas', 'running', guest)
  return {
    app,
    pair,
    h1,
    h2,
    guest,
    copy,
    jobs,
    /** What is recorded, and where the config lies. */
    async truth() {
      const { inventory: now } = await loadInventory(app.store)
      const [held] = await listClaims(app.store)
      return {
        host: now.domains.get('menas')?.host,
        claim: held?.host,
        configs: [h1, h2].flatMap(({ name, machine }) =>
          machine.files.has('/etc/xen/menas.cfg') ? [name] : [],
        ),
        runs: pair.running.map(({ name, host }) => `${name} on ${host}`),
        copies: [h1, h2].flatMap(({ name, copies }) =>
          copies.map((one) => `${one.name} on ${name}, ${one.condition}`),
        ),
      }
    },
  }
}

export type MigrationApp = Awaited<ReturnType<typeof openMigrationApp>>
