import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listClaims } from '../../../src/store/claims.ts'
import { listResources, loadRevision } from '../../../src/store/inventory.ts'
import { openStore } from '../../../src/store/open.ts'
import { listOperations } from '../../../src/store/operations.ts'
import type { Store } from '../../../src/store/store.ts'
import { startNode } from './start-node.ts'

const all = (count: number) => Array.from({ length: count }, (_, index) => index)

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'domus-race-'))
})
afterAll(() => rm(dir, { recursive: true }))

/** Lets processes of these names do one job at the same time; resolves with what each won. */
async function race(job: string, url: string, names: readonly string[], count: number): Promise<number[][]> {
  const racers = names.map((name) => startNode('racer.ts', job, url, name, String(count)))
  await Promise.all(racers.map((racer) => once(racer.stdout, 'data')))
  for (const racer of racers) racer.stdin.write('go\n')
  const results = await Promise.all(racers)
  return results.map(({ stdout }) => JSON.parse(stdout.replace('ready\n', '')))
}

async function look<T>(url: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(url)
  const result = await work(store)
  await store.close()
  return result
}

test('four processes that make a database at once all find it whole, twenty times', async () => {
  const url = `sqlite:${dir}/new.db`
  expect(await race('open', url, ['a', 'b', 'c', 'd'], 20)).toEqual(Array(4).fill(all(20)))
  expect(await look(`${url}.19`, loadRevision)).toBe(0)
})

test('of two processes that want a root, one gets it: a thousand times', { timeout: 60_000 }, async () => {
  const url = `sqlite:${dir}/claims.db`
  const [a = [], b = []] = await race('claim', url, ['a', 'b'], 1000)
  expect([...a, ...b].sort((one, other) => one - other)).toEqual(all(1000))
  const owners = new Map((await look(url, listClaims)).map(({ root, domain }) => [root, domain]))
  expect(a.every((index) => owners.get(`filer:/root${index}`) === 'a')).toBe(true)
  expect(b.every((index) => owners.get(`filer:/root${index}`) === 'b')).toBe(true)
})

test('of two processes that change the inventory from one revision, one does', async () => {
  const url = `sqlite:${dir}/inventory.db`
  const [a = [], b = []] = await race('record', url, ['a', 'b'], 50)
  expect(new Set([...a, ...b]).size).toBe(a.length + b.length)
  const hosts = await look(url, (store) => listResources(store, 'hosts'))
  expect(hosts.length).toBe(a.length + b.length)
  expect(await look(url, loadRevision)).toBe(hosts.length)
})

test('of three processes that work on one domain, one does', async () => {
  const url = `sqlite:${dir}/subjects.db`
  const won = await race('operate', url, ['a', 'b', 'c'], 40)
  expect(won.flat().sort((one, other) => one - other)).toEqual(all(40))
})

test('three processes that write at once lose nothing', async () => {
  const url = `sqlite:${dir}/writes.db`
  expect(await race('update', url, ['a', 'b', 'c'], 40)).toEqual(Array(3).fill(all(40)))
  const operations = await look(url, (store) => listOperations(store, { limit: 1000 }))
  expect(operations.map(({ state }) => state)).toEqual(Array(120).fill('done'))
})
