import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Inventory, NOUNS } from '../../../src/model/inventory.ts'
import type { ResourceChange } from '../../../src/plan/plan.ts'
import { loadInventory } from '../../../src/store/inventory.ts'
import { loadNextInventory } from '../../../src/store/next-inventory.ts'
import { openStore } from '../../../src/store/open.ts'
import { recordChanges, unrecordChanges } from '../../../src/store/record.ts'
import type { Store } from '../../../src/store/store.ts'
import { domainDocument, imageDocument, inventoryOf, siteDocument } from '../../builders/site.ts'

const AT = '2026-01-02T03:04:05.000Z'
const inventory = inventoryOf(
  siteDocument({
    images: [imageDocument({ sharing: 'shared' })],
    domains: [
      domainDocument({ name: 'menas', mac: '00:16:3e:00:00:01' }),
      domainDocument({ name: 'second', mac: '00:16:3e:00:00:02', address: '38.99.2.201' }),
    ],
  }),
)
const [menas, second] = [...inventory.domains.values()]
const additions = NOUNS.flatMap((noun) =>
  [...inventory[noun].values()].map((after): ResourceChange => ({ noun, name: after.name, after })),
)
const bigger: ResourceChange = {
  noun: 'domains',
  name: 'menas',
  before: menas,
  after: { ...menas, memoryMiB: 512 },
}
const deletion: ResourceChange = { noun: 'domains', name: 'second', before: second }

let store: Store
beforeEach(async () => {
  store = await openStore('sqlite::memory:')
})
afterEach(() => store.close())

const record = (changes: ResourceChange[], revision: number, mark?: string) =>
  recordChanges(store, changes, { revision, at: AT, ...(mark !== undefined && { mark }) })

/** The inventory as a whole load gives it, and as each load after the one before gives it. */
async function bothAfter(before: { inventory: Inventory; revision: number }) {
  const { inventory, revision } = await loadInventory(store)
  return { whole: { inventory, revision }, next: await loadNextInventory(store, before, 'site') }
}

test('at every revision it is what a whole load gives', async () => {
  let known = await loadInventory(store)
  const steps = [
    () => record(additions, 0),
    () => record([bigger], 1),
    () => record([deletion], 2, 'm'),
    () => unrecordChanges(store, [deletion], { at: AT, mark: 'm' }),
    () => record([{ noun: 'site', name: 'site', after: 'book' }], 4),
  ]
  for (const step of steps) {
    await step()
    const { whole, next } = await bothAfter(known)
    expect(next).toMatchObject(whole)
    known = { ...whole, siteName: undefined }
  }
  expect(known.revision).toBe(5)
})

test('many revisions are made up for at once', async () => {
  const empty = await loadInventory(store)
  await record(additions, 0)
  await record([bigger], 1)
  await record([deletion], 2)
  const { whole, next } = await bothAfter(empty)
  expect(next).toMatchObject(whole)
  expect([...next.inventory.domains.keys()]).toEqual(['menas'])
})

test('what did not change is the same object, and the rest is named', async () => {
  await record(additions, 0)
  const before = await loadInventory(store)
  await record([bigger], 1)
  const { inventory: next, touched } = await loadNextInventory(store, before, 'site')
  expect(touched).toEqual(new Map([['domains', new Set(['menas'])]]))
  expect(next.networks).toBe(before.inventory.networks)
  expect(next.domains.get('second')).toBe(before.inventory.domains.get('second'))
  expect(next.domains.get('menas')?.memoryMiB).toBe(512)
})
