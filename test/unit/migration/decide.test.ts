import { describe, expect, test } from 'vitest'
import { type Copy, settledHost } from '../../../src/migration/copies.ts'
import { type Decision, decide, type Hints, type Mend } from '../../../src/migration/decide.ts'

const HINTS: Hints = { hosts: ['h1'], hasArrived: false, hasStarted: false }

// What is ending is gone already, as far as a decision goes.
const CONDITIONS = ['running', 'paused', 'suspended', 'crashed'] as const
const NAMES = {
  own: 'menas',
  incoming: 'menas--incoming',
  away: 'menas--migratedaway',
  other: 'odd',
} as const

const copy = (host: string, role: Copy['role'], condition: Copy['condition']): Copy => ({
  host,
  domid: 1 + Object.keys(NAMES).indexOf(role) + (host === 'h1' ? 0 : 10),
  name: NAMES[role],
  role,
  condition,
})

/** What a host may have of one guest: nothing, or one copy in each role. */
const endsOf = (host: string): Copy[][] => {
  const of = (role: Copy['role']) => [
    undefined,
    ...CONDITIONS.map((condition) => copy(host, role, condition)),
  ]
  return of('own').flatMap((own) =>
    of('incoming').flatMap((incoming) =>
      of('away').map((away) => [own, incoming, away].filter((one) => one !== undefined)),
    ),
  )
}

/** Does to the copies what each mend does. */
function carryOut(found: readonly Copy[], mends: readonly Mend[]): readonly Copy[] {
  let copies = found
  for (const { action, copy: target } of mends) {
    const is = (one: Copy) => one.host === target.host && one.domid === target.domid
    if (!copies.some(is)) throw new Error(`${action} of a copy that is not there`)
    if (action === 'destroy') copies = copies.filter((one) => !is(one))
    else copies = copies.map((one) => (is(one) ? changed(one, action) : one))
  }
  return copies
}

const changed = (one: Copy, action: Exclude<Mend['action'], 'destroy'>): Copy =>
  action === 'rename' ? { ...one, role: 'own', name: 'menas' } : { ...one, condition: 'running' }

const runs = (copies: readonly Copy[]) => copies.filter(({ condition }) => condition === 'running').length

/** Every state of two hosts: 125 by 125. */
const TABLE = endsOf('h1').flatMap((one) => endsOf('h2').map((other) => [...one, ...other]))

describe.each<[string, Partial<Hints>]>([
  ['nothing is known', {}],
  ['all had arrived', { hasArrived: true }],
  ['it was started at the target', { hasArrived: true, hasStarted: true }],
])('of all states of two hosts, when %s', (_name, over) => {
  const decided = TABLE.map((found): [Copy[], Decision] => [found, decide(found, { ...HINTS, ...over })])

  /** Those of all states for which this is not so. */
  const breaches = (isSo: (found: readonly Copy[], decision: Decision) => boolean) =>
    decided.filter(([found, decision]) => !isSo(found, decision)).slice(0, 3)

  test('one copy is left at most, the one that was chosen, under its own name', () => {
    expect(
      breaches((found, { mends, keeper }) => {
        const [left, ...more] = carryOut(found, mends)
        return more.length === 0 && left?.host === keeper?.host && (left?.name ?? 'menas') === 'menas'
      }),
    ).toEqual([])
  })

  test('nothing is let run while another runs', () => {
    const isAlone = (found: readonly Copy[], mends: readonly Mend[], at: number) =>
      runs(carryOut(found, mends.slice(0, at))) === 0
    expect(
      breaches((found, { mends }) =>
        mends.every(
          ({ action }, at) => action === 'destroy' || action === 'rename' || isAlone(found, mends, at),
        ),
      ),
    ).toEqual([])
  })

  test('a guest that runs is never stopped', () => {
    expect(
      breaches((found, { mends, state }) => {
        const hasRun = runs(found) > 0
        return !hasRun || (state === 'running' && runs(carryOut(found, mends)) === 1)
      }),
    ).toEqual([])
  })

  test('what is clean is left alone', () => {
    expect(breaches((found, { mends }) => settledHost(found) === undefined || mends.length === 0)).toEqual([])
  })

  test('to decide again after the mends changes nothing', () => {
    expect(
      breaches((found, { mends, keeper }) => {
        const again = decide(carryOut(found, mends), { ...HINTS, ...over })
        return again.mends.length === 0 && again.keeper?.host === keeper?.host
      }),
    ).toEqual([])
  })
})

test('a guest that was suspended is had again whenever its old host has it, and the target never started it', () => {
  const lost = TABLE.filter((found) => found.some(({ condition }) => condition === 'suspended'))
    .map((found): [Copy[], Decision] => [found, decide(found, HINTS)])
    .filter(([, { state }]) => state !== 'running' && state !== 'paused')
  expect(lost).toEqual([])
})

/** What a broken migration leaves, and what comes of it; h1 is the source. */
const OUTCOMES: [string, Copy[], Partial<Hints>, string, string[]][] = [
  ['resumed at the sender', [copy('h1', 'own', 'running')], {}, 'running', []],
  [
    'the target kept its half',
    [copy('h1', 'own', 'running'), copy('h2', 'incoming', 'paused')],
    {},
    'running',
    ['destroy h2'],
  ],
  ['the sender was killed while it copied', [copy('h1', 'own', 'suspended')], {}, 'running', ['resume h1']],
  [
    'undefined: the word to start was lost',
    [copy('h1', 'away', 'suspended'), copy('h2', 'incoming', 'paused')],
    {},
    'running',
    ['rename h2', 'unpause h2', 'destroy h1'],
  ],
  [
    'undefined: the report was lost',
    [copy('h1', 'away', 'suspended'), copy('h2', 'own', 'running')],
    {},
    'running',
    ['destroy h1'],
  ],
  [
    'the target died between two words',
    [copy('h1', 'away', 'suspended'), copy('h2', 'own', 'paused')],
    {},
    'running',
    ['unpause h2', 'destroy h1'],
  ],
  [
    'all had arrived, and the sender was killed',
    [copy('h1', 'own', 'suspended'), copy('h2', 'incoming', 'paused')],
    { hasArrived: true },
    'running',
    ['rename h2', 'unpause h2', 'destroy h1'],
  ],
  [
    'nobody knows whether all had arrived',
    [copy('h1', 'own', 'suspended'), copy('h2', 'incoming', 'paused')],
    {},
    'running',
    ['resume h1', 'destroy h2'],
  ],
  [
    'the target went down before it started',
    [copy('h1', 'away', 'suspended')],
    {},
    'running',
    ['rename h1', 'resume h1'],
  ],
  [
    'the target went down after it started',
    [copy('h1', 'away', 'suspended')],
    { hasStarted: true },
    'stopped',
    ['destroy h1'],
  ],
  ['only half a copy is left', [copy('h2', 'incoming', 'paused')], {}, 'stopped', ['destroy h2']],
  ['neither', [], {}, 'stopped', []],
  ['both run', [copy('h1', 'own', 'running'), copy('h2', 'own', 'running')], {}, 'running', ['destroy h2']],
  [
    'both run, and the claim is at the target',
    [copy('h1', 'own', 'running'), copy('h2', 'own', 'running')],
    { hosts: ['h2', 'h1'] },
    'running',
    ['destroy h1'],
  ],
  [
    'somebody let the half run',
    [copy('h1', 'away', 'suspended'), copy('h2', 'incoming', 'running')],
    {},
    'running',
    ['rename h2', 'destroy h1'],
  ],
  ['it was paused by hand', [copy('h1', 'own', 'paused')], {}, 'paused', []],
  ['it crashed', [copy('h1', 'own', 'crashed')], {}, 'crashed', []],
  ['its uuid runs under another name', [copy('h1', 'other', 'running')], {}, 'running', ['rename h1']],
]

test.each(OUTCOMES)('%s', (_name, found, hints, state, actions) => {
  const decision = decide(found, { ...HINTS, ...hints })
  expect(decision.state).toBe(state)
  expect(decision.mends.map(({ action, copy: { host } }) => `${action} ${host}`)).toEqual(actions)
})

test('the reason names every copy and the one that stays', () => {
  const { reason } = decide([copy('h1', 'away', 'suspended'), copy('h2', 'own', 'running')], HINTS)
  expect(reason).toBe(
    'menas--migratedaway (domain 3 on h1, suspended), menas (domain 11 on h2, running): menas (domain 11 on h2, running) stays: it runs',
  )
})
