import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Inventory } from '../../../src/model/inventory.ts'
import { NOUNS } from '../../../src/model/inventory.ts'
import type { ResourceChange } from '../../../src/plan/plan.ts'
import { addBootEvent, lastBoot, listBootEvents } from '../../../src/store/boot-events.ts'
import { listClaims } from '../../../src/store/claims.ts'
import { listFences } from '../../../src/store/fences.ts'
import { listResources, loadInventory, loadRevision } from '../../../src/store/inventory.ts'
import { openStore } from '../../../src/store/open.ts'
import { recordChanges, unrecordChanges } from '../../../src/store/record.ts'
import type { Store } from '../../../src/store/store.ts'
import { domainDocument, imageDocument, inventoryOf, siteDocument } from '../../builders/site.ts'

const AT = '2026-01-02T03:04:05.000Z'
const ROOT = 'filer:/usr/xen/images/slack'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'domus-store-'))
})
afterAll(() => rm(dir, { recursive: true }))

/** The changes that make an inventory out of nothing. */
const additions = (inventory: Inventory): ResourceChange[] =>
  NOUNS.flatMap((noun) => [...inventory[noun].values()].map((after) => ({ noun, name: after.name, after })))

const databases: [string, () => string][] = [
  ['in memory', () => 'sqlite::memory:'],
  ['in a file', () => `sqlite:${dir}/${Math.random()}/domus.db`],
]

describe.each(databases)('store %s', (_name, url) => {
  let store: Store
  const inventory = inventoryOf()
  const menas = inventory.domains.get('menas')
  const record = (changes: ResourceChange[], revision: number, mark?: string) =>
    recordChanges(store, changes, { revision, at: AT, ...(mark !== undefined && { mark }) })
  const unrecord = (changes: ResourceChange[], mark: string) =>
    unrecordChanges(store, changes, { at: AT, mark })
  beforeEach(async () => {
    store = await openStore(url())
  })
  afterEach(() => store.close())

  test('is empty at first, with the name it is given', async () => {
    const { inventory: empty, revision } = await loadInventory(store, 'book')
    expect(revision).toBe(0)
    expect(empty.site).toBe('book')
    expect(NOUNS.map((noun) => empty[noun].size)).toEqual([0, 0, 0, 0, 0, 0])
  })

  test('gives back the inventory that was recorded', async () => {
    const site: ResourceChange = { noun: 'site', name: 'site', after: 'book' }
    expect(await record([site, ...additions(inventory)], 0)).toBe(1)
    expect(await loadInventory(store, 'other')).toMatchObject({ inventory, revision: 1 })
    expect(await loadRevision(store)).toBe(1)
  })

  test('counts the changes of a row', async () => {
    await record(additions(inventory), 0)
    const after = { ...menas, memoryMiB: 512 }
    await record([{ noun: 'domains', name: 'menas', before: menas, after }], 1)
    expect(await listResources(store, 'domains')).toEqual([
      { name: 'menas', spec: after, generation: 2, changedAt: AT },
    ])
  })

  test('refuses changes for another revision, and a row that is not as it was', async () => {
    await record(additions(inventory), 0)
    await expect(record([{ noun: 'hosts', name: 'h2', after: { name: 'h2' } }], 0)).rejects.toMatchObject({
      code: 'stale-plan',
      message: expect.stringContaining('revision 0, now 1'),
    })
    const wrong: ResourceChange[] = [
      { noun: 'domains', name: 'menas', before: { ...menas, vcpus: 7 } },
      { noun: 'domains', name: 'menas', after: menas },
      { noun: 'domains', name: 'nobody', before: menas },
    ]
    for (const change of wrong) {
      await expect(record([change], 1)).rejects.toMatchObject({ code: 'stale-plan' })
    }
    expect(await loadRevision(store)).toBe(1)
  })

  test('carries out all changes or none', async () => {
    await record(additions(inventory), 0)
    const changes: ResourceChange[] = [
      { noun: 'domains', name: 'menas', before: menas },
      { noun: 'claims', name: ROOT, after: { domain: 'menas', host: 'h1' } },
      { noun: 'kernels', name: 'none', before: {} },
    ]
    await expect(record(changes, 1)).rejects.toMatchObject({ code: 'stale-plan' })
    expect((await loadInventory(store)).inventory.domains).toEqual(inventory.domains)
    expect(await listClaims(store)).toEqual([])
  })

  test.each(['address', 'mac', 'uuid'] as const)('no two domains have one %s', async (field) => {
    await record(additions(inventory), 0)
    const other = {
      name: 'other',
      address: '38.99.2.223',
      mac: '00:16:3e:00:00:01',
      uuid: 'other',
      [field]: menas?.[field],
    }
    await expect(record([{ noun: 'domains', name: 'other', after: other }], 1)).rejects.toMatchObject({
      code: 'conflict',
      message: `domain other cannot have ${field} ${menas?.[field]}: domain menas has it`,
    })
  })

  test('two domains can swap their addresses', async () => {
    const document = siteDocument({
      images: [imageDocument({ sharing: 'shared' })],
      domains: [domainDocument({ name: 'a' }), domainDocument({ name: 'b', address: '38.99.2.223' })],
    })
    const { domains, ...rest } = inventoryOf(document)
    await record(additions({ domains, ...rest }), 0)
    const [a, b] = [domains.get('a'), domains.get('b')]
    await record(
      [
        { noun: 'domains', name: 'a', before: a, after: { ...a, address: b?.address } },
        { noun: 'domains', name: 'b', before: b, after: { ...b, address: a?.address } },
      ],
      1,
    )
    const now = (await loadInventory(store)).inventory.domains
    expect([now.get('a')?.address, now.get('b')?.address]).toEqual(['38.99.2.223', '38.99.2.222'])
  })

  describe('claims', () => {
    const claim = (domain: string, host = 'h1') => ({ domain, host })
    const swap = (before: object | undefined, after: object | undefined) =>
      record([{ noun: 'claims', name: ROOT, ...(before && { before }), ...(after && { after }) }], 0)

    test('a root has one owner, who is named to the others', async () => {
      await swap(undefined, claim('menas'))
      await expect(swap(undefined, claim('other'))).rejects.toMatchObject({
        code: 'conflict',
        message: `root ${ROOT} is owned by domain menas on h1 since ${AT}`,
      })
      expect(await listClaims(store)).toEqual([{ root: ROOT, ...claim('menas'), generation: 1, since: AT }])
    })

    test('it moves, counting, and is given up', async () => {
      await swap(undefined, claim('menas'))
      await swap(claim('menas'), claim('menas', 'h2'))
      expect(await listClaims(store)).toMatchObject([{ host: 'h2', generation: 2 }])
      await swap(claim('menas', 'h2'), undefined)
      expect(await listClaims(store)).toEqual([])
    })

    test('an old owner can neither move it nor give it up', async () => {
      await swap(undefined, claim('menas'))
      await expect(swap(claim('other'), claim('other', 'h2'))).rejects.toMatchObject({ code: 'stale-plan' })
      await expect(swap(claim('menas', 'h2'), undefined)).rejects.toMatchObject({ code: 'stale-plan' })
      await swap(claim('menas'), undefined)
      await expect(swap(claim('menas'), undefined)).rejects.toMatchObject({ code: 'stale-plan' })
    })

    test('guests that start at the same time do not hinder each other', async () => {
      await record(additions(inventory), 0)
      expect(await swap(undefined, claim('menas'))).toBe(1) // planned at revision 0
      expect(await loadRevision(store)).toBe(1)
    })
  })

  test('changes with a mark are recorded once, also when whoever did it died before he knew', async () => {
    const claimed: ResourceChange[] = [{ noun: 'claims', name: ROOT, after: { domain: 'menas', host: 'h1' } }]
    const revision = await record([...additions(inventory), ...claimed], 0, 'm')
    expect(await record([...additions(inventory), ...claimed], 0, 'm')).toBe(revision)
  })

  describe('taking changes back', () => {
    test('puts every row back, whatever else has changed', async () => {
      await record(additions(inventory), 0)
      const changes: ResourceChange[] = [
        { noun: 'domains', name: 'menas', before: menas, after: { ...menas, vcpus: 2 } },
        { noun: 'hosts', name: 'h2', after: { name: 'h2' } },
        { noun: 'claims', name: ROOT, after: { domain: 'menas', host: 'h1' } },
        { noun: 'site', name: 'site', after: 'book' },
      ]
      const revision = await record(changes, 1, 'm')
      await record([{ noun: 'kernels', name: 'k2', after: { name: 'k2' } }], revision)
      await unrecord(changes, 'm')
      const now = await loadInventory(store, 'unnamed')
      expect(now.inventory.domains).toEqual(inventory.domains)
      expect([...now.inventory.hosts.keys()]).toEqual(['h1'])
      expect([...now.inventory.kernels.keys()]).toEqual(['k2', 'nfsroot'])
      expect(now.inventory.site).toBe('unnamed')
      expect(await listClaims(store)).toEqual([])
      expect(now.revision).toBe(4)
    })

    test('is right when they were never carried out, or are back already', async () => {
      const changes = additions(inventory)
      await unrecord(changes, 'm')
      await record(changes, 0, 'm')
      await unrecord(changes, 'm')
      await unrecord(changes, 'm')
      expect(await listResources(store, 'domains')).toEqual([])
    })

    test('leaves a claim that another operation took for the same domain meanwhile', async () => {
      const claim: ResourceChange[] = [{ noun: 'claims', name: ROOT, after: { domain: 'menas', host: 'h1' } }]
      await record(claim, 0, 'theirs')
      await expect(record(claim, 0, 'ours')).rejects.toMatchObject({ code: 'conflict' })
      await unrecord(claim, 'ours')
      expect(await listClaims(store)).toMatchObject([{ root: ROOT, domain: 'menas', host: 'h1' }])
    })

    test('puts a fence up again, and down', async () => {
      const fence: ResourceChange[] = [{ noun: 'fences', name: 'menas', after: AT }]
      await record(fence, 0, 'm')
      expect(await listFences(store)).toEqual(new Map([['menas', AT]]))
      await expect(record(fence, 0, 'n')).rejects.toMatchObject({ code: 'stale-plan' })
      await unrecord(fence, 'm')
      expect(await listFences(store)).toEqual(new Map())
      expect(await loadRevision(store)).toBe(0)
    })

    test('stops when somebody else has changed a row since', async () => {
      await record(additions(inventory), 0)
      const after = { ...menas, vcpus: 2 }
      await record([{ noun: 'domains', name: 'menas', before: menas, after }], 1, 'm')
      await record([{ noun: 'domains', name: 'menas', before: after, after: { ...menas, vcpus: 3 } }], 2)
      const undo = unrecord([{ noun: 'domains', name: 'menas', before: menas, after }], 'm')
      await expect(undo).rejects.toMatchObject({ code: 'stale-plan' })
    })
  })

  test('keeps the timeline of boots', async () => {
    const event = { domain: 'menas', boot: 'b1', stage: 'dhcp', at: AT }
    const first = await addBootEvent(store, event)
    await addBootEvent(store, { ...event, boot: 'b2', stage: 'created', detail: 'domain 7' })
    await addBootEvent(store, { ...event, domain: 'other' })
    expect(await listBootEvents(store, 'menas')).toMatchObject([event, { boot: 'b2', detail: 'domain 7' }])
    expect(await listBootEvents(store, 'menas', { boot: 'b1' })).toEqual([{ id: first, ...event }])
    expect(await listBootEvents(store, 'menas', { after: first })).toMatchObject([{ stage: 'created' }])
    expect(await lastBoot(store, 'menas')).toBe('b2')
    expect(await lastBoot(store, 'nobody')).toBeUndefined()
  })
})

describe('opening', () => {
  test('a second time finds what was recorded', async () => {
    const url = `sqlite:${dir}/again.db`
    const first = await openStore(url)
    await recordChanges(first, additions(inventoryOf()), { revision: 0, at: AT })
    await first.close()
    const second = await openStore(url)
    expect((await loadInventory(second)).inventory.domains.get('menas')?.address).toBe('38.99.2.222')
    await second.close()
  })

  test('makes a file that others cannot read, and that survives a power cut', async () => {
    const path = `${dir}/private/domus.db`
    const store = await openStore(`sqlite:${path}`)
    await addBootEvent(store, { domain: 'x', boot: 'b', stage: 's', at: AT })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(`${path}-wal`)).mode & 0o777).toBe(0o600)
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700)
    await store.close()
    const plain = new DatabaseSync(path)
    expect(plain.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' })
    plain.close()
  })

  test.each([
    ['postgres://db/domus', 'PostgreSQL as the database is not built yet: use sqlite:PATH'],
    ['postgresql://db/domus', 'PostgreSQL as the database is not built yet: use sqlite:PATH'],
    ['mysql://db/domus', 'database mysql://db/domus is of no known kind: use sqlite:PATH'],
    ['/var/lib/domus.db', 'database /var/lib/domus.db is of no known kind: use sqlite:PATH'],
    ['sqlite:', 'database sqlite: is of no known kind: use sqlite:PATH'],
  ])('%s is refused', async (url, message) => {
    await expect(openStore(url)).rejects.toMatchObject({ code: 'invalid-input', message })
  })

  test('a path that cannot be is named', async () => {
    await expect(openStore('sqlite:/proc/none/domus.db')).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('cannot open database /proc/none/domus.db'),
    })
  })

  test('a file that is no database is left alone', async () => {
    const path = `${dir}/text.db`
    const text = 'this is a text, and a long one, so that it could be the head of a database file\n'.repeat(
      20,
    )
    await writeFile(path, text)
    await expect(openStore(`sqlite:${path}`)).rejects.toMatchObject({
      code: 'command-failed',
      message: `database ${path}: it is not an SQLite database`,
    })
    expect(await readFile(path, 'utf8')).toBe(text)
  })

  test('a database of a newer domus is left alone', async () => {
    const path = `${dir}/newer.db`
    await (await openStore(`sqlite:${path}`)).close()
    const plain = new DatabaseSync(path)
    plain.exec(`insert into kysely_migration values ('9999-future', '2030-01-01T00:00:00.000Z')`)
    plain.close()
    await expect(openStore(`sqlite:${path}`)).rejects.toMatchObject({
      code: 'command-failed',
      message: 'cannot bring the database up to date: a newer domus has changed it; use that version',
    })
  })
})
