import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyPlan } from '../../../src/apply/apply.ts'
import { recoverOperations } from '../../../src/apply/recover.ts'
import { retryUndo } from '../../../src/apply/settle.ts'
import type { FileState } from '../../../src/machine/machine.ts'
import type { FileFact, Plan, Step } from '../../../src/plan/plan.ts'
import { listResources } from '../../../src/store/inventory.ts'
import { getOperation } from '../../../src/store/operations.ts'
import { anyTroubles, live, NO_TROUBLE, type Troubles } from './troubles.ts'
import {
  CONFIG,
  ON_H1,
  openWorld,
  plan,
  REQUEST,
  record,
  remove,
  run,
  UUID,
  type World,
  write,
} from './world.ts'

/** All that plans of this test can change. */
interface State {
  readonly files: Readonly<Record<string, FileState>>
  readonly folders: readonly string[]
  readonly domains: readonly string[]
  readonly hosts: readonly string[]
}

const CONFIG_PATH = '/etc/xen/ready.cfg'
const PATHS = ['/etc/a', '/etc/b', '/etc/new/c', '/etc/new/deep/d']

const mode = fc.constantFrom(0o600, 0o644, 0o4755)
const file = fc.record({
  content: fc.constantFrom('', 'x', 'y\n'),
  mode,
  uid: fc.constantFrom(0, 7),
  gid: fc.nat(1),
})
const files = fc.dictionary(fc.constantFrom('/etc/a', '/etc/b'), file)

/** What a plan shall do; the steps with their facts follow from it and from what is there. */
const wish = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    path: fc.constantFrom(...PATHS),
    content: fc.constantFrom('', 'x', 'z'),
    mode,
    reload: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('remove' as const), path: fc.constantFrom(...PATHS), reload: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom('mkdir' as const, 'record' as const, 'start' as const, 'check' as const),
  }),
)
type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never

/** The steps of some wishes, each with its facts, as a planner who looked would make them. */
function stepsOf(wishes: readonly Wish[], before: Readonly<Record<string, FileState>>): Step[] {
  const facts = new Map<string, FileFact>()
  const factOf = (path: string): FileFact => {
    const { content, mode } = before[path] ?? {}
    return (
      facts.get(path) ??
      (content === undefined ? { kind: 'absent' } : { kind: 'file', content, mode: mode ?? 0 })
    )
  }
  const learn = (path: string, fact: FileFact) => void facts.set(path, fact)
  const starts = wishes.findIndex(({ kind }) => kind === 'start')
  const records = (index: number) => wishes.slice(0, index).filter(({ kind }) => kind === 'record').length
  return wishes.flatMap((one, index) => {
    if (one.kind === 'write') return [writing(one, factOf(one.path), learn)]
    if (one.kind === 'remove') return [removing(one, factOf(one.path), learn)]
    if (one.kind === 'mkdir') return [run(['mkdir', `/made${index}`], { undo: ['rmdir', `/made${index}`] })]
    if (one.kind === 'check') return [run(['true', 'check'])]
    if (one.kind === 'record') return [record(records(index), `h${index}`)]
    return index === starts ? [STARTING] : []
  })
}

type Learn = (path: string, fact: FileFact) => void

function writing(wish: Wish & { kind: 'write' }, before: FileFact, learn: Learn): Step {
  const { path, content, mode, reload } = wish
  learn(path, { kind: 'file', content, mode })
  return write({ path, content, mode, before, ...(reload && { reload: [['true', path]] }) })
}

function removing({ path, reload }: Wish & { kind: 'remove' }, before: FileFact, learn: Learn): Step {
  learn(path, { kind: 'absent' })
  return remove({ path, before, ...(reload && { reload: [['true']] }) })
}

const STARTING: Step = {
  kind: 'start',
  ...ON_H1,
  domain: 'menas',
  uuid: UUID,
  argv: ['xl', 'create', CONFIG_PATH],
}

async function stateOf({ h1, xl, store }: World): Promise<State> {
  return {
    files: Object.fromEntries(h1.files),
    folders: [...h1.folders].sort(),
    domains: xl.domains.map(({ name }) => name),
    hosts: (await listResources(store, 'hosts')).map(({ name }) => name),
  }
}

async function worldWith(before: Readonly<Record<string, FileState>>): Promise<World> {
  const world = await openWorld()
  for (const [path, { content, ...rest }] of Object.entries(before)) world.h1.put(path, content, rest)
  world.h1.put(CONFIG_PATH, CONFIG)
  return world
}

/** The state that a plan leads to when nothing goes wrong. */
async function stateAfter(
  before: Readonly<Record<string, FileState>>,
  steps: readonly Step[],
): Promise<State> {
  const world = await worldWith(before)
  const outcome = await applyPlan(plan(...steps), REQUEST, world.context)
  expect(outcome.outcome).toBe('done')
  const state = await stateOf(world)
  await world.store.close()
  return state
}

/** One life of a plan: the process that applies it, those that recover what was left, and a person in the end. */
async function liveThrough(world: World, thePlan: Plan, lives: readonly Troubles[]): Promise<void> {
  const [first = NO_TROUBLE, ...later] = lives
  const applied = await live([world.h1], first, (kinds) =>
    applyPlan(thePlan, REQUEST, { ...world.context, kinds }),
  )
  if (applied !== 'killed') {
    expect((await getOperation(world.store, 1)).state).toBe(applied.outcome)
    expect(applied.outcome === 'stuck').toBe(applied.lookAt.length > 0)
  }
  for (const trouble of [...later, NO_TROUBLE]) {
    await live([world.h1], trouble, (kinds) => recoverOperations({ ...world.nextProcess(), kinds }))
  }
  const { state } = await getOperation(world.store, 1)
  expect(['done', 'rolled-back', 'stuck']).toContain(state)
  // A rollback that met a fault: when that is over, it can be brought to its end.
  if (state === 'stuck') expect((await retryUndo(world.nextProcess(), 1)).outcome).toBe('rolled-back')
}

const RUNS = Number(process.env.DOMUS_TEST_RUNS ?? 80)

test('whatever fails and whenever it is killed, a plan is done or undone, and the journal says which', {
  timeout: 20_000 + RUNS * 200,
}, async () => {
  const seen = { done: 0, 'rolled-back': 0 }
  await fc.assert(
    fc.asyncProperty(
      files,
      fc.array(wish, { minLength: 1, maxLength: 6 }),
      fc.array(anyTroubles, { minLength: 1, maxLength: 3 }),
      async (before, wishes, lives) => {
        const steps = stepsOf(wishes, before)
        const world = await worldWith(before)
        const stateBefore = await stateOf(world)
        await liveThrough(world, plan(...steps), lives)
        const { state } = await getOperation(world.store, 1)
        const expected = state === 'done' ? await stateAfter(before, steps) : stateBefore
        expect(await stateOf(world)).toEqual(expected)
        seen[state as keyof typeof seen]++
        await world.store.close()
      },
    ),
    { numRuns: RUNS },
  )
  expect(Math.min(seen.done, seen['rolled-back'])).toBeGreaterThan(RUNS / 10) // both ways were taken
})

test('killed before and after every single action and call, a plan of all kinds converges', {
  timeout: 60_000,
}, async () => {
  const before = { '/etc/a': { content: 'x', mode: 0o600, uid: 7, gid: 1 } }
  const wishes: Wish[] = [
    { kind: 'write', path: '/etc/new/deep/d', content: 'z', mode: 0o644, reload: true },
    { kind: 'remove', path: '/etc/a', reload: true },
    { kind: 'mkdir' },
    { kind: 'record' },
    { kind: 'start' },
  ]
  const steps = stepsOf(wishes, before)
  const after = await stateAfter(before, steps)
  const ends: string[] = []
  const tryOut = async (trouble: Troubles) => {
    const world = await worldWith(before)
    const stateBefore = await stateOf(world)
    await liveThrough(world, plan(...steps), [trouble])
    const { state } = await getOperation(world.store, 1)
    expect(await stateOf(world)).toEqual(state === 'done' ? after : stateBefore)
    ends.push(state)
    await world.store.close()
  }
  for (let at = 0; at < 16; at++) {
    await tryOut({ faults: { [at]: 'crash-before' }, killedAt: undefined })
    await tryOut({ faults: { [at]: 'crash-after' }, killedAt: undefined })
  }
  for (let at = 0; at < 20; at++) await tryOut({ faults: {}, killedAt: at })
  expect(ends.filter((state) => state === 'rolled-back').length).toBeGreaterThan(40)
})
