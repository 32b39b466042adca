import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Inventory } from '../../../src/model/inventory.ts'
import { followInventory } from '../../../src/service/follow.ts'
import { localJobs } from '../../../src/service/local-jobs.ts'
import { openStore } from '../../../src/store/open.ts'
import { openTestApp } from '../../builders/app.ts'
import { serverDocument, siteDocument } from '../../builders/site.ts'

let opened: Awaited<ReturnType<typeof openTestApp>>
beforeEach(async () => {
  opened = await openTestApp()
})
afterEach(() => opened.app.close())

const site = siteDocument({ servers: [serverDocument({ kind: 'print' })] })
const never = 3_600_000

test('the inventory is told at once, and after each change once', async () => {
  const heard: number[] = []
  const follower = await followInventory(opened.app, {
    everyMs: never,
    hear: ({ domains }) => void heard.push(domains.size),
    fault(error) {
      throw error
    },
  })
  const jobs = await localJobs(opened.app)
  await follower.check()
  await jobs.run({ kind: 'apply', document: site })
  await follower.check()
  await follower.check()
  follower.close()
  expect(heard).toEqual([0, 1])
})

test.each([
  ['of this process is heard as soon as it is committed', 'here', never],
  ['of another process is found by itself', 'there', 5],
] as const)('a change %s', async (_name, where, everyMs) => {
  const { promise, resolve } = Promise.withResolvers<Inventory>()
  const there = { ...opened.app, store: await openStore(`sqlite:${opened.folder}/domus.db`) }
  const follower = await followInventory(opened.app, {
    everyMs,
    hear: (inventory) => void (inventory.domains.size > 0 && resolve(inventory)),
    fault(error) {
      throw error
    },
  })
  const jobs = await localJobs(where === 'here' ? opened.app : there)
  await jobs.run({ kind: 'apply', document: site })
  expect((await promise).domains.has('menas')).toBe(true)
  follower.close()
  await there.store.close()
})

test('what could not be heard is told again', async () => {
  const faults: unknown[] = []
  let calls = 0
  const follower = await followInventory(opened.app, {
    everyMs: never,
    hear() {
      calls++
      if (calls === 2) throw new Error('not now')
    },
    fault: (error) => void faults.push(error),
  })
  const jobs = await localJobs(opened.app)
  await jobs.run({ kind: 'apply', document: site })
  await follower.check()
  await follower.check()
  await follower.check()
  follower.close()
  expect({ calls, faults: faults.length }).toEqual({ calls: 3, faults: 1 })
})
