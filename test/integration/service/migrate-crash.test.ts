import { afterEach, expect, test } from 'vitest'
import { processOwner } from '../../../src/apply/owner.ts'
import type { App } from '../../../src/service/app.ts'
import { localJobs } from '../../../src/service/local-jobs.ts'
import { type MigrationApp, openMigrationApp } from '../../builders/migration-app.ts'
import { MOMENTS, TROUBLES } from '../../fakes/xen-pair.ts'

let world: MigrationApp
afterEach(() => world.app.close())

const AT_H1 = {
  host: 'h1',
  claim: 'h1',
  configs: ['h1'],
  runs: ['menas on h1'],
  copies: ['menas on h1, running'],
}
const AT_H2 = {
  host: 'h2',
  claim: 'h2',
  configs: ['h2'],
  runs: ['menas on h2'],
  copies: ['menas on h2, running'],
}

/** Migrates in a process that is killed at an action of a host: nothing of it runs on. */
async function killedAt(host: 'h1' | 'h2', action: (now: string) => boolean, when: 'before' | 'after') {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { machine } = world[host]
  let isDead = false
  machine.onCrash = resolve
  machine.fault = (now) => {
    if (isDead || !action(now)) return undefined
    isDead = true
    return `crash-${when}`
  }
  void world.jobs.run({ kind: 'migrate', name: 'menas', host: 'h2' }) // it never comes back
  await promise
  machine.fault = () => undefined
}

/** What a process finds that starts after the one before it died. */
async function nextProcess() {
  const owner = JSON.stringify({ ...processOwner(), startTicks: '1' }) // one that lived before us
  await world.app.store.db.updateTable('operation').set({ owner }).where('state', '=', 'running').execute()
  const notes: string[] = []
  const app: App = { ...world.app, note: (text) => void notes.push(text) }
  return { jobs: await localJobs(app), notes }
}

const isStart = (now: string) => now.includes('starts a program that outlives')
const isLook = (now: string) => now.includes('looks at a program that outlives')

test('killed before the program started, the next process puts everything back', async () => {
  world = await openMigrationApp()
  await killedAt('h1', isStart, 'before')
  const { notes } = await nextProcess()
  expect(notes).toEqual([
    'operation 1 (migrate domain menas from h1 to h2) was cut off; now it is rolled-back',
  ])
  expect(await world.truth()).toEqual(AT_H1)
})

test('killed while it goes on, the next process leaves it alone and says so; repair waits and ends it', async () => {
  world = await openMigrationApp()
  world.pair.lag = 3
  await killedAt('h1', isStart, 'after')
  const { jobs, notes } = await nextProcess()
  expect(notes).toEqual([expect.stringContaining('goes on without that: domus repair waits for its end')])
  await expect(jobs.run({ kind: 'stop', name: 'menas' })).rejects.toMatchObject({ code: 'busy' })
  expect(await jobs.run({ kind: 'repair', name: 'menas' })).toMatchObject({ changes: 0, outcome: 'done' })
  expect(await jobs.operation('1')).toMatchObject({ state: 'done' })
  expect(await world.truth()).toEqual(AT_H2)
})

test('killed when it was over, the next process goes forward to the end of the plan', async () => {
  world = await openMigrationApp()
  await killedAt('h1', isLook, 'before')
  const { notes } = await nextProcess()
  expect(notes).toEqual(['operation 1 (migrate domain menas from h1 to h2) was cut off; now it is done'])
  expect(await world.truth()).toEqual(AT_H2)
})

test('killed while the old config is taken away, the next process takes it away', async () => {
  world = await openMigrationApp()
  await killedAt('h1', (now) => now === 'remove /etc/xen/menas.cfg', 'after')
  const { notes } = await nextProcess()
  expect(notes).toEqual([expect.stringContaining('now it is done')])
  expect(await world.truth()).toEqual(AT_H2)
})

test.each(TROUBLES.flatMap((what) => MOMENTS.map((at) => [what, at] as const)))(
  'killed, and the migration meets %s at %s: after repair one copy runs at most, and all agrees',
  async (what, at) => {
    world = await openMigrationApp()
    world.pair.course = { kind: 'trouble', what, at }
    await killedAt('h1', isLook, 'before')
    const { jobs } = await nextProcess()
    expect(world.pair.running.length).toBeLessThan(2)
    await jobs.run({ kind: 'repair', name: 'menas' })
    const { runs, copies, host, claim, configs } = await world.truth()
    const home = runs.length === 0 ? host : runs[0]?.replace('menas on ', '')
    expect(copies).toEqual(runs.map((run) => `${run}, running`))
    expect({ host, claim, configs }).toEqual({
      host: home,
      claim: runs.length === 0 ? undefined : home,
      configs: [home],
    })
  },
)
