import { afterEach, describe, expect, test } from 'vitest'
import { giveUpStuck } from '../../../src/service/unfinished.ts'
import { beginOperation } from '../../../src/store/journal.ts'
import { getOperation } from '../../../src/store/operations.ts'
import { type MigrationApp, openMigrationApp } from '../../builders/migration-app.ts'
import { domainDocument, imageDocument } from '../../builders/site.ts'
import { MOMENTS, TROUBLES } from '../../fakes/xen-pair.ts'

let world: MigrationApp
afterEach(() => world.app.close())

const migrate = () => world.jobs.run({ kind: 'migrate', name: 'menas', host: 'h2' })
const repair = () => world.jobs.run({ kind: 'repair', name: 'menas' })

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

test('a migration takes the guest, its config, its claim and its record to the other host', async () => {
  world = await openMigrationApp()
  const view = await migrate()
  expect(view).toMatchObject({
    outcome: 'done',
    steps: [{ kind: 'write' }, { kind: 'migrate' }, { kind: 'remove' }],
  })
  expect(view.notes).toEqual([
    'menas runs on h2: 64 MiB copied in 1.0 s, 64.0 MiB/s; the guest stood still for 2.0 s; 3.5 s in all',
  ])
  expect(await world.truth()).toEqual(AT_H2)
})

test('and back', async () => {
  world = await openMigrationApp()
  await migrate()
  const back = await world.jobs.run({ kind: 'migrate', name: 'menas', host: 'h1' })
  expect(back.outcome).toBe('done')
  expect(await world.truth()).toEqual(AT_H1)
})

test('a dry run shows every check and the plan, and changes nothing', async () => {
  world = await openMigrationApp()
  const view = await world.jobs.plan({ kind: 'migrate', name: 'menas', host: 'h2' })
  expect(view).toMatchObject({ domain: 'menas', from: 'h1', to: 'h2', ok: true, facts: 'known', changes: 3 })
  expect(view.checks?.filter(({ status }) => status !== 'ok')).toEqual([])
  expect(view.refusals).toBeUndefined()
  expect(await world.truth()).toEqual(AT_H1)
})

test('a kernel that the target lacks is copied there before the guest moves', async () => {
  world = await openMigrationApp()
  world.h2.machine.files.delete('/boot/vmlinuz-nfsroot')
  const view = await migrate()
  expect(view.steps.map(({ kind }) => kind)).toEqual(['copy', 'write', 'migrate', 'remove'])
  expect(world.h2.machine.files.get('/boot/vmlinuz-nfsroot')).toMatchObject({
    content: 'a kernel',
    mode: 0o644,
  })
})

test('everything that speaks against it is told at once, and nothing is begun', async () => {
  world = await openMigrationApp()
  const { h1, h2 } = world
  h1.has.virtCaps = 'pv hvm hap'
  h1.has.ssh = { exitCode: 255, said: ['root@h2: Permission denied (publickey).'] }
  h2.machine.put('/boot/vmlinuz-nfsroot', 'another kernel')
  h2.has.bridges = ['br0']
  h2.has.freeMiB = 10
  h2.has.nfs = 'no no no'
  h2.add('menas', 'running', { uuid: 'other', mac: '00:16:3e:00:00:01' })
  await expect(migrate()).rejects.toMatchObject({
    code: 'refused',
    problems: [
      { path: 'domains/menas/ssh', message: expect.stringContaining('Permission denied (publickey)') },
      { path: 'domains/menas/clock', message: expect.stringContaining('unknown: ') },
      { path: 'domains/menas/logdirty', message: expect.stringContaining('without shadow paging') },
      { path: 'domains/menas/memory', message: expect.stringContaining('needs 68 MiB, and h2 has 10 free') },
      { path: 'domains/menas/bridge', message: expect.stringContaining('h2 has no bridge xenbr0') },
      { path: 'domains/menas/names', message: expect.stringContaining('has its name') },
      { path: 'domains/menas/kernel', message: expect.stringContaining('is another one') },
      {
        path: 'domains/menas/server',
        message: expect.stringContaining('does not answer for nfs and rpcbind and mountd'),
      },
    ],
  })
  expect(await world.jobs.operations()).toEqual([])
})

test('autostart moves with the guest', async () => {
  world = await openMigrationApp({ domain: { autostart: true } })
  world.h1.machine.put('/etc/xen/auto/menas.cfg', '/etc/xen/menas.cfg')
  await migrate()
  expect(world.h1.machine.files.has('/etc/xen/auto/menas.cfg')).toBe(false)
  expect(world.h2.machine.files.get('/etc/xen/auto/menas.cfg')?.content).toBe('/etc/xen/menas.cfg')
})

test('a guest that resumes where it was leaves nothing on the target, and xl is quoted', async () => {
  world = await openMigrationApp()
  world.h2.machine.files.delete('/boot/vmlinuz-nfsroot')
  world.pair.course = { kind: 'fails', why: 'no-bridge' }
  const view = await migrate()
  expect(view).toMatchObject({
    outcome: 'rolled-back',
    error: expect.stringContaining(
      'it runs on h1 as before: migration target: Ready to receive domain.; Could not find bridge device xenbr0',
    ),
  })
  expect(await world.truth()).toEqual(AT_H1)
  expect(world.h2.machine.files.has('/boot/vmlinuz-nfsroot')).toBe(false)
})

test('a kernel copied for a move that failed stays when another guest boots from it there by now', async () => {
  const slack = imageDocument()
  const spare = imageDocument({ name: 'spare', path: '/usr/xen/images/spare' })
  world = await openMigrationApp({
    over: {
      images: [slack, spare],
      domains: [
        domainDocument({ memoryMiB: 64 }),
        domainDocument({ name: 'web1', image: 'spare', host: 'h2', address: '38.99.2.223' }),
      ],
    },
  })
  world.h2.machine.files.delete('/boot/vmlinuz-nfsroot')
  world.pair.course = { kind: 'fails', why: 'no-bridge' }
  const view = await migrate()
  expect(view).toMatchObject({
    outcome: 'rolled-back',
    warnings: expect.arrayContaining([
      { path: 'operation', message: '/boot/vmlinuz-nfsroot stays on h2: web1 boots from it there by now' },
    ]),
  })
  expect(world.h2.machine.files.has('/boot/vmlinuz-nfsroot')).toBe(true)
})

test('when the rest of the plan fails after the move, what is recorded is true, and a retry ends it', async () => {
  world = await openMigrationApp()
  world.h1.machine.fault = (action) => (action === 'remove /etc/xen/menas.cfg' ? 'fail-before' : undefined)
  const view = await migrate()
  expect(view).toMatchObject({ outcome: 'stuck', error: expect.stringContaining('its main part is done') })
  expect(await world.truth()).toEqual({ ...AT_H2, configs: ['h1', 'h2'] })
  world.h1.machine.fault = () => undefined
  expect(await world.jobs.settle(view.operation)).toMatchObject({ state: 'done' })
  expect(await world.truth()).toEqual(AT_H2)
})

test('a step after the move that could not even be begun is done by a retry', async () => {
  world = await openMigrationApp()
  world.h1.machine.fault = (action) =>
    action === 'read /etc/xen/menas.cfg' && isMoved() ? 'unreachable' : undefined
  const isMoved = () => world.pair.running.some(({ host }) => host === 'h2')
  const view = await migrate()
  expect(view).toMatchObject({ outcome: 'stuck' })
  await expect(world.jobs.settle(view.operation)).resolves.toMatchObject({ state: 'stuck' }) // still away
  world.h1.machine.fault = () => undefined
  expect(await world.jobs.settle(view.operation)).toMatchObject({ state: 'done' })
  expect(await world.truth()).toEqual(AT_H2)
})

test('a repair leaves a stuck operation alone that holds others than its domain', async () => {
  world = await openMigrationApp()
  const { app } = world
  const step = { kind: 'run', on: 'h1', machine: 'ssh://root@h1', argv: ['true'] } as const
  const plan = { title: 'a plan', steps: [step], warnings: [], facts: 'known' } as const
  const owner = { pid: 1, startTicks: 0, bootId: 'gone', pidNamespace: 'gone' } as never
  const stuckWith = async (subjects: readonly string[]) => {
    const id = await beginOperation(app.store, { plan, who: 'anna', subjects, owner, at: 'now' })
    await app.store.db.updateTable('operation').set({ state: 'stuck' }).where('id', '=', id).execute()
    await giveUpStuck(app, 'menas', { plan })
    return (await getOperation(app.store, id)).state
  }
  expect(await stuckWith(['domain/menas'])).toBe('dismissed')
  expect(await stuckWith(['domain/menas', 'site'])).toBe('stuck')
})

test('what a broken migration has left is shown, with the way out', async () => {
  world = await openMigrationApp()
  world.pair.course = { kind: 'trouble', what: 'cut', at: 'started' }
  await migrate()
  expect(await world.jobs.list('domains')).toMatchObject([{ name: 'menas', state: 'half-migrated' }])
  await expect(migrate()).rejects.toMatchObject({
    code: 'refused',
    problems: expect.arrayContaining([
      { path: 'domains/menas/state', message: expect.stringContaining('domus repair menas') },
    ]),
  })
  const [verdict] = await world.jobs.verify(['menas'])
  expect(verdict?.links.find(({ link }) => link === 'host')).toMatchObject({
    status: 'fail', // the other copy runs
    fix: expect.stringContaining('domus repair menas'),
  })
  await repair()
  expect(await world.jobs.list('domains')).toMatchObject([{ name: 'menas', state: 'running' }])
})

test('a receiver that waits still is ended before its copy is let run', async () => {
  world = await openMigrationApp()
  world.pair.course = { kind: 'trouble', what: 'cut', at: 'away' }
  await migrate()
  world.h2.has.receivers = [4711]
  const view = await repair()
  expect(view.steps.map(({ argv }) => argv?.slice(0, 3).join(' '))).toEqual([
    'kill -9 4711',
    'xl rename 1',
    'xl unpause 1',
    'xl destroy 1',
    undefined,
    undefined,
  ])
  expect(await world.truth()).toEqual(AT_H2)
})

test('while several guests arrive, nothing is done to a copy that may be one of theirs', async () => {
  world = await openMigrationApp()
  world.pair.course = { kind: 'trouble', what: 'cut', at: 'away' }
  await migrate()
  world.h2.has.receivers = [4711, 4712]
  await expect(repair()).rejects.toMatchObject({
    code: 'refused',
    problems: [{ message: expect.stringContaining('2 guests arrive on h2') }],
  })
})

describe.each(TROUBLES)('%s', (what) => {
  test.each(MOMENTS)('at %s, then repair: at most one copy runs, and all else agrees with it', async (at) => {
    world = await openMigrationApp()
    world.pair.course = { kind: 'trouble', what, at }
    await migrate()
    expect(world.pair.running.length).toBeLessThan(2)
    await repair()
    const { runs, copies, host, claim, configs } = await world.truth()
    const home = runs.length === 0 ? host : runs[0]?.replace('menas on ', '')
    expect(copies).toEqual(runs.map((run) => `${run}, running`))
    expect({ host, claim, configs }).toEqual({
      host: home,
      claim: runs.length === 0 ? undefined : home,
      configs: [home],
    })
    expect(await world.jobs.plan({ kind: 'repair', name: 'menas' })).toMatchObject({ changes: 0 })
  })
})
