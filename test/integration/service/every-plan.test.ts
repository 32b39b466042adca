import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyPlan } from '../../../src/apply/apply.ts'
import { recoverOperations } from '../../../src/apply/recover.ts'
import { retryUndo } from '../../../src/apply/settle.ts'
import { planChange } from '../../../src/service/change.ts'
import type { ChangeRequest } from '../../../src/service/jobs.ts'
import { listOperations } from '../../../src/store/operations.ts'
import { anyTroubles, FAULTS, live, NO_TROUBLE, type Troubles } from '../apply/troubles.ts'
import { type Guest, openWholeSite, type Site, siteDocumentOf, type WholeSite } from './whole-site.ts'

/** Where a story begins, and the change that goes wrong. */
interface Story {
  readonly from: Site
  /** Those of its guests that run. */
  readonly running: readonly Guest[]
  /** A line of somebody else's at the end of our drop-in. */
  readonly isEdited: boolean
  readonly request: ChangeRequest
}

const GUESTS: readonly Guest[] = ['menas', 'web1', 'web2', 'db']
const anyGuest = fc.constantFrom(...GUESTS)
const anySite: fc.Arbitrary<Site> = fc.record({
  guests: fc.subarray([...GUESTS]),
  memoryMiB: fc.constantFrom(256, 512),
  autostart: fc.boolean(),
  isMoved: fc.boolean(),
})

// Links that look at what a site in memory does not have; the export and the config are never forced.
const FORCED = ['kernel', 'image', 'server', 'dhcp', 'host']

/** Every kind of change that a planner makes a plan of. */
const anyRequest: fc.Arbitrary<ChangeRequest> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('apply' as const),
      document: anySite.map(siteDocumentOf),
      prune: fc.boolean(),
      exports: fc.constantFrom('adopt' as const, 'overwrite' as const),
    }),
  },
  anyGuest.map((name) => ({ kind: 'delete' as const, noun: 'domains' as const, name })),
  fc.record({
    kind: fc.constant('create' as const),
    names: fc.constant(['new1', 'new2']),
    domain: fc.constant({ image: 'base', host: 'h1', kernel: 'nfsroot', memoryMiB: 64 }),
    start: fc.boolean(),
    force: fc.constant(FORCED),
  }),
  anyGuest.map((name) => ({ kind: 'start' as const, name, force: FORCED })),
  fc.record({
    kind: fc.constantFrom('stop' as const, 'destroy' as const, 'reboot' as const),
    name: anyGuest,
  }),
  fc.record({ kind: fc.constant('fence' as const), name: anyGuest, lift: fc.boolean() }),
)

const anyStory: fc.Arbitrary<Story> = fc
  .record({ from: anySite, running: fc.subarray([...GUESTS]), isEdited: fc.boolean(), request: anyRequest })
  .map(sensible)

/** Most stories are about a guest that there is, and stop at no drift that nobody may decide about. */
function sensible({ from, running, isEdited, request }: Story): Story {
  const name = 'name' in request ? [request.name as Guest] : []
  const guests = GUESTS.filter((guest) => from.guests.includes(guest) || name.includes(guest))
  const ends = request.kind === 'start' || request.kind === 'delete' ? name : []
  return {
    from: { ...from, guests },
    running: [...running, ...name].filter((guest) => guests.includes(guest) && !ends.includes(guest)),
    isEdited: isEdited && request.kind === 'apply',
    request,
  }
}

/** The site as a story begins, with the plan of its change; undefined when that is refused or nothing to do. */
async function begin(story: Story) {
  const site = await openWholeSite()
  await site.run({ kind: 'apply', document: siteDocumentOf(story.from) })
  for (const name of new Set(story.running)) await site.run({ kind: 'start', name, force: FORCED })
  if (story.isEdited) site.editDropIn()
  const { request } = story
  if (request.kind === 'fence' && request.lift) await site.run({ kind: 'fence', name: request.name })
  const change = await planChange(site.app, story.request).catch(() => undefined)
  const isSound =
    change?.refusals.length === 0 && change.plan.facts === 'known' && change.plan.steps.length > 0
  return { site, change: isSound ? change : undefined }
}

/** One life of the change: the process that carries it out, those that recover what it left, a person in the end. */
async function liveThrough(
  site: WholeSite,
  { plan, subjects, since }: Awaited<ReturnType<typeof planChange>>,
  [first = NO_TROUBLE, ...later]: readonly Troubles[],
): Promise<string | undefined> {
  const request = { who: 'anna', subjects, since }
  const applied = await live(site.machines, first, (kinds) =>
    applyPlan(plan, request, { ...site.nextProcess(), kinds }),
  )
  const [operation] = await listOperations(site.app.store)
  const isBegun = (operation?.id ?? 0) > since.latest
  if (applied !== 'killed') expect(operation?.state).toBe(applied.outcome)
  for (const trouble of [...later, NO_TROUBLE])
    await live(site.machines, trouble, (kinds) => recoverOperations({ ...site.nextProcess(), kinds }))
  const [last] = await listOperations(site.app.store)
  if (!isBegun || last === undefined) return undefined
  if (last.state !== 'stuck') return last.state
  expect(last.detail?.lookAt.length).toBeGreaterThan(0)
  return (await retryUndo(site.nextProcess(), last.id)).outcome
}

/** All that is on the machines and in the store must be as before or as after, as the journal says. */
async function requireOneOfTwo(story: Story, lives: readonly Troubles[]): Promise<string | undefined> {
  const { site, change } = await begin(story)
  if (change === undefined) {
    await site.app.close()
    return undefined
  }
  const before = await site.picture()
  const end = await liveThrough(site, change, lives)
  const found = await site.picture()
  if (end === 'done') expect(found).toEqual(await pictureAfter(story))
  // A guest that was stopped stays so: what it held in memory is gone.
  else expect({ ...found, running: [] }).toEqual({ ...before, running: [] })
  expect(before.running).toEqual(expect.arrayContaining(end === 'done' ? [] : [...found.running]))
  await site.app.close()
  return end
}

async function pictureAfter(story: Story) {
  const { site, change } = await begin(story)
  if (change === undefined) throw new Error('a plan that was made once must be made again')
  expect(await liveThrough(site, change, [NO_TROUBLE])).toBe('done')
  const picture = await site.picture()
  await site.app.close()
  return picture
}

const RUNS = Number(process.env.DOMUS_TEST_RUNS ?? 30)

test('whatever plan is carried out, whatever fails and whenever it dies: all is as before or as after, and the journal says which', {
  timeout: 60_000 + RUNS * 1000,
}, async () => {
  const ends: (string | undefined)[] = []
  await fc.assert(
    fc.asyncProperty(
      anyStory,
      fc.array(anyTroubles, { minLength: 1, maxLength: 3 }),
      async (story, lives) => {
        ends.push(await requireOneOfTwo(story, lives))
      },
    ),
    { numRuns: RUNS },
  )
  expect(ends).toEqual(expect.arrayContaining(['done', 'rolled-back'])) // both ways were taken
})

test('a plan with all kinds of steps, with every fault at every action', { timeout: 300_000 }, async () => {
  const story: Story = {
    from: { guests: ['menas', 'web1'], memoryMiB: 256, autostart: true, isMoved: false },
    running: [],
    isEdited: true,
    request: {
      kind: 'apply',
      document: siteDocumentOf({ guests: ['web1', 'db'], memoryMiB: 512, autostart: false, isMoved: true }),
      prune: true,
      exports: 'adopt',
    },
  }
  const { site, change } = await begin(story)
  expect(new Set(change?.plan.steps.map(({ kind }) => kind))).toEqual(
    new Set(['write', 'export', 'run', 'remove', 'record']),
  )
  const actions = await countActions(site, change)
  const ends: (string | undefined)[] = []
  for (let at = 0; at < actions; at++)
    ends.push(
      await requireOneOfTwo(story, [
        { faults: { [at]: FAULTS[at % FAULTS.length] ?? 'fail-before' }, killedAt: undefined },
      ]),
    )
  expect(ends.filter((end) => end === 'rolled-back').length).toBeGreaterThan(actions / 2)
})

async function countActions(site: WholeSite, change: Awaited<ReturnType<typeof planChange>> | undefined) {
  if (change === undefined) throw new Error('there is no plan')
  const before = site.machines.reduce((sum, { log }) => sum + log.length, 0)
  expect(await liveThrough(site, change, [NO_TROUBLE])).toBe('done')
  const after = site.machines.reduce((sum, { log }) => sum + log.length, 0)
  await site.app.close()
  return after - before
}
