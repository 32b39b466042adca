import { beforeEach, expect, test } from 'vitest'
import { applyPlan } from '../../../src/apply/apply.ts'
import { isOwnerAlive, processOwner } from '../../../src/apply/owner.ts'
import { recoverOperations } from '../../../src/apply/recover.ts'
import { retryUndo } from '../../../src/apply/settle.ts'
import type { Step } from '../../../src/plan/plan.ts'
import { beginOperation, beginStep, markStep } from '../../../src/store/journal.ts'
import { getOperation } from '../../../src/store/operations.ts'
import { CONFIG, openWorld, plan, REQUEST, run, type World, write } from './world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})

/** Applies a plan in a process that is killed when the machine does this. */
async function killedAt(action: string, ...steps: readonly Step[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  world.h1.onCrash = resolve
  world.h1.fault = (now) => (now === action ? 'crash-after' : undefined)
  void applyPlan(plan(...steps), REQUEST, world.context) // it never comes back
  await promise
  world.h1.fault = () => undefined
}

test('what a dead process left half done is undone, and said', async () => {
  await killedAt('run true', write(), run(['true']), write({ path: '/etc/b' }))
  expect((await getOperation(world.store, 1)).state).toBe('running')
  const recovered = await recoverOperations(world.nextProcess())
  expect(recovered).toMatchObject([
    {
      operation: { id: 1, title: 'make menas', who: 'root' },
      outcome: {
        outcome: 'rolled-back',
        steps: [{ result: 'undone' }, { result: 'undone' }, { result: 'pending' }],
      },
    },
  ])
  expect(world.h1.files.size).toBe(0)
  expect(await recoverOperations(world.nextProcess())).toEqual([])
})

test('one whose steps were all done is finished, not undone', async () => {
  const { store, context, h1, nextProcess } = world
  const owner = context.owner ?? processOwner()
  const operation = await beginOperation(store, { plan: plan(write()), ...REQUEST, owner, at: 'then' })
  await beginStep(store, { operation, position: 0, saved: { missingFolders: [] }, at: 'then' })
  h1.put('/etc/xen/menas.cfg', CONFIG)
  await markStep(store, { operation, position: 0, state: 'done', result: 'changed', at: 'then' })
  expect(await recoverOperations(nextProcess())).toMatchObject([
    { outcome: { outcome: 'done', steps: [{ result: 'changed' }] } },
  ])
  expect(h1.files.size).toBe(1)
})

test('its subjects are free again', async () => {
  await killedAt('run true', run(['true']))
  await expect(applyPlan(plan(write()), REQUEST, world.nextProcess())).rejects.toMatchObject({ code: 'busy' })
  await recoverOperations(world.nextProcess())
  expect(await applyPlan(plan(write()), REQUEST, world.nextProcess())).toMatchObject({ outcome: 'done' })
})

test('what a living process does is left alone', async () => {
  await killedAt('run true', write(), run(['true']))
  const other = { ...world.nextProcess(), isOwnerAlive: () => true }
  expect(await recoverOperations(other)).toEqual([])
  await expect(retryUndo(other, 1)).rejects.toMatchObject({ code: 'busy' })
  expect(world.h1.files.size).toBe(1)
})

test('of two processes that recover at once, one does', async () => {
  await killedAt('run true', write(), run(['true']))
  const both = await Promise.all([
    recoverOperations(world.nextProcess()),
    recoverOperations(world.nextProcess()),
  ])
  expect(both.flat()).toHaveLength(1)
  expect(world.h1.log.filter((action) => action.startsWith('remove'))).toHaveLength(1)
})

test('one whose host cannot be reached is stuck, and settled when it can', async () => {
  await killedAt('run true', write(), run(['true']))
  world.h1.fault = () => 'unreachable'
  expect(await recoverOperations(world.nextProcess())).toMatchObject([
    {
      outcome: {
        outcome: 'stuck',
        error: { code: 'stuck' },
        lookAt: [expect.stringContaining('cannot reach ssh://h1')],
      },
    },
  ])
  expect(await recoverOperations(world.nextProcess())).toEqual([])
  world.h1.fault = () => undefined
  expect(await retryUndo(world.nextProcess(), 1)).toMatchObject({ outcome: 'rolled-back' })
  expect(world.h1.files.size).toBe(0)
})

test('this process lives; one of its pid that began at another time, or before the last boot, does not', () => {
  const self = processOwner()
  expect(isOwnerAlive(self)).toBe(true)
  expect(isOwnerAlive({ ...self, startTicks: '1' })).toBe(false)
  expect(isOwnerAlive({ ...self, bootId: 'other' })).toBe(false)
  expect(isOwnerAlive({ ...self, pid: 2 ** 22 + 1 })).toBe(false)
})

test('a process that cannot be looked at counts as alive', () => {
  expect(isOwnerAlive({ ...processOwner(), pidNamespace: 'pid:[1]', startTicks: '1' })).toBe(true)
})
