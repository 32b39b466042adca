import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import { applyPlan } from '../../../src/apply/apply.ts'
import type { Progress } from '../../../src/apply/context.ts'
import type { Outcome } from '../../../src/apply/outcome.ts'
import { recoverOperations } from '../../../src/apply/recover.ts'
import { dismissOperation, retryUndo } from '../../../src/apply/settle.ts'
import { NothingDone, type StepKind } from '../../../src/apply/step.ts'
import { type StepKinds, stepKinds } from '../../../src/apply/steps.ts'
import { DomusError } from '../../../src/errors.ts'
import type { Step } from '../../../src/plan/plan.ts'
import { listResources } from '../../../src/store/inventory.ts'
import {
  getOperation,
  type JournalMark,
  listOperations,
  loadJournalMark,
} from '../../../src/store/operations.ts'
import { recordChanges } from '../../../src/store/record.ts'
import {
  CONFIG,
  ON_H1,
  openWorld,
  plan,
  REQUEST,
  record,
  remove,
  run,
  start,
  UUID,
  type World,
  write,
} from './world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})

const apply = (...steps: readonly Step[]) => applyPlan(plan(...steps), REQUEST, world.context)
const results = ({ steps }: Outcome) => steps.map(({ result }) => result)
const lastOperation = async () => (await listOperations(world.store))[0]
const failing: Step = run(['false-program'])

describe('a plan that goes well', () => {
  test('is carried out in order, recorded and journaled', async () => {
    const { h1, xl, store } = world
    h1.put('/etc/old', 'old', { mode: 0o600 })
    const outcome = await apply(write(), remove(), run(['true', 'x']), record(), start())
    expect(outcome).toEqual({
      operation: 1,
      outcome: 'done',
      steps: Array(5).fill({ result: 'changed' }),
      warnings: [],
      notes: [],
      lookAt: [],
    })
    expect(h1.log.filter((action) => !/^(read|stat) /.test(action))).toEqual([
      'write /etc/xen/menas.cfg',
      'remove /etc/old',
      'run true x',
      'run xl list -v',
      'run xl create /etc/xen/menas.cfg',
    ])
    expect(h1.files.get('/etc/xen/menas.cfg')).toEqual({ content: CONFIG, mode: 0o644, uid: 0, gid: 0 })
    expect(xl.domains).toMatchObject([{ name: 'menas', uuid: UUID }])
    expect((await listResources(store, 'hosts')).map(({ name }) => name)).toEqual(['h9'])
    expect(await getOperation(store, 1)).toMatchObject({
      title: 'make menas',
      who: 'root',
      state: 'done',
      subjects: ['domain/menas'],
      steps: Array(5).fill({ state: 'done', result: 'changed' }),
    })
  })

  test('leaves what is already so as it is, and reloads nothing', async () => {
    const { h1 } = world
    h1.put('/etc/x', 'same', { mode: 0o640, uid: 5 })
    const before = { kind: 'file', content: 'same', mode: 0o640 } as const
    const outcome = await apply(
      write({ path: '/etc/x', content: 'same', mode: 0o640, before, reload: [['reload']] }),
      remove({ before: { kind: 'absent' }, reload: [['reload']] }),
    )
    expect(results(outcome)).toEqual(['unchanged', 'unchanged'])
    expect(h1.log).toEqual(['read /etc/x', 'read /etc/old', 'stat /etc'])
  })

  test('keeps the owner of a file that is there', async () => {
    world.h1.put('/etc/x', 'old', { mode: 0o640, uid: 5, gid: 6 })
    await apply(write({ path: '/etc/x', before: { kind: 'file', content: 'old', mode: 0o640 } }))
    expect(world.h1.files.get('/etc/x')).toEqual({ content: CONFIG, mode: 0o644, uid: 5, gid: 6 })
  })

  test('without steps is no operation', async () => {
    expect(await apply()).toEqual({ outcome: 'done', steps: [], warnings: [], notes: [], lookAt: [] })
    expect(await listOperations(world.store)).toEqual([])
  })

  test('tells of each step, and of the operation when it begins', async () => {
    const told: Omit<Progress, 'elapsedMs'>[] = []
    const begun: number[] = []
    const context = {
      ...world.context,
      onProgress: ({ elapsedMs, ...progress }: Progress) => {
        expect(elapsedMs).toBeGreaterThanOrEqual(0)
        told.push(progress)
      },
    }
    await applyPlan(plan(write(), failing), { ...REQUEST, onBegun: (id) => begun.push(id) }, context)
    expect(begun).toEqual([1])
    expect(told.map(({ phase, state, position, text }) => [phase, state, position, text])).toEqual([
      ['do', 'begin', 0, 'write /etc/xen/menas.cfg on h1'],
      ['do', 'end', 0, 'write /etc/xen/menas.cfg on h1'],
      ['do', 'begin', 1, 'run false-program on h1'],
      ['undo', 'begin', 1, 'run false-program on h1'],
      ['undo', 'end', 1, 'run false-program on h1'],
      ['undo', 'begin', 0, 'write /etc/xen/menas.cfg on h1'],
      ['undo', 'end', 0, 'write /etc/xen/menas.cfg on h1'],
    ])
  })
})

describe('a plan that fails', () => {
  test('puts back content, mode, owner and folders, last first, and reloads again', async () => {
    const { h1, filer } = world
    h1.put('/etc/old', 'old', { mode: 0o600, uid: 1, gid: 2 })
    filer.put('/etc/x', 'was', { mode: 0o4750, uid: 3, gid: 4 })
    const reload = [['exportfs', '-ra']]
    const before = { kind: 'file', content: 'was', mode: 0o4750 } as const
    const outcome = await apply(
      write({ on: 'filer', machine: 'ssh://filer', path: '/etc/x', before, reload }),
      write({ path: '/etc/new/deep/file' }),
      remove(),
      failing,
    )
    expect(outcome).toMatchObject({ outcome: 'rolled-back', lookAt: [] })
    expect(results(outcome)).toEqual(['undone', 'undone', 'undone', 'failed'])
    expect(h1.files).toEqual(new Map([['/etc/old', { content: 'old', mode: 0o600, uid: 1, gid: 2 }]]))
    expect(filer.files).toEqual(new Map([['/etc/x', { content: 'was', mode: 0o4750, uid: 3, gid: 4 }]]))
    expect(h1.folders.has('/etc/new')).toBe(false)
    expect(filer.commands).toEqual(['exportfs -ra', 'exportfs -ra'])
    expect(await lastOperation()).toMatchObject({ state: 'rolled-back' })
  })

  test('says what failed and why', async () => {
    world.h1.programs.set('xl', () => ({ exitCode: 3, stderr: 'libxl: no such bridge\n' }))
    const { error } = await apply(write(), run(['xl', 'create', 'x y']))
    expect(error).toMatchObject({
      code: 'apply-failed',
      message: "make menas: cannot run xl create 'x y' on h1 (step 2 of 2)",
      cause: {
        code: 'command-failed',
        message: "xl create 'x y' on ssh://h1 failed with exit code 3: libxl: no such bridge",
      },
    })
    expect((await lastOperation())?.detail?.error).toContain('no such bridge')
  })

  test('leaves a folder that others use by now', async () => {
    world.h1.programs.set('false-program', (_argv, _options, machine) => {
      machine.put('/etc/new/theirs', 'x')
      return { exitCode: 1 }
    })
    expect(await apply(write({ path: '/etc/new/file' }), failing)).toMatchObject({ outcome: 'rolled-back' })
    expect([...world.h1.files.keys()]).toEqual(['/etc/new/theirs'])
  })

  test('before a step has changed anything needs no undo of that step', async () => {
    const { context, h1 } = world
    const busy: StepKind = {
      ...(stepKinds.run as StepKind),
      apply: async () => {
        throw new NothingDone(new DomusError('busy', 'the lock is held by anna'))
      },
      undo: async () => {
        throw new Error('there is nothing to undo')
      },
    }
    const outcome = await applyPlan(plan(write(), run(['true'])), REQUEST, {
      ...context,
      kinds: { ...stepKinds, run: busy as StepKinds['run'] },
    })
    expect(outcome).toMatchObject({ outcome: 'rolled-back', error: { code: 'busy' }, lookAt: [] })
    expect(results(outcome)).toEqual(['undone', 'failed'])
    expect(h1.files.size).toBe(0)
    expect((await lastOperation())?.steps[1]).toMatchObject({
      state: 'undone',
      error: 'the lock is held by anna',
    })
  })

  test('on a file system that cannot be written, where there is nothing to remove, is rolled back', async () => {
    world.h1.fault = (action) => (/^(?:write|remove) /.test(action) ? 'fail-before' : undefined)
    expect(await apply(write())).toMatchObject({ outcome: 'rolled-back' })
  })

  test('does not overwrite what somebody else has written meanwhile', async () => {
    world.h1.programs.set('false-program', (_argv, _options, machine) => {
      machine.put('/etc/xen/menas.cfg', 'by hand')
      return { exitCode: 1 }
    })
    const outcome = await apply(write(), failing)
    expect(outcome).toMatchObject({
      outcome: 'stuck',
      error: { code: 'stuck' },
      lookAt: [
        'could not undo: write /etc/xen/menas.cfg on h1: /etc/xen/menas.cfg on h1 was changed by somebody else meanwhile; it was left as it is',
      ],
    })
    expect(world.h1.files.get('/etc/xen/menas.cfg')?.content).toBe('by hand')
  })

  test.each(['fail-before', 'fail-after', 'timeout-after'] as const)(
    'undoes the step that failed, whatever it got done: %s',
    async (fault) => {
      const { h1 } = world
      h1.fault = (action) => (action.startsWith('run mkdir') ? fault : undefined)
      const outcome = await apply(run(['mkdir', '/etc/made'], { undo: ['rmdir', '/etc/made'] }))
      expect(outcome.outcome).toBe('rolled-back')
      expect(h1.folders.has('/etc/made')).toBe(false)
      expect(h1.commands).toEqual(['mkdir /etc/made', 'rmdir /etc/made'])
    },
  )

  test('the undo of a step that perhaps did nothing may fail, with a warning', async () => {
    world.h1.fault = (action) => (action.startsWith('run mkdir') ? 'fail-before' : undefined)
    const { outcome, warnings } = await apply(run(['mkdir', '/etc/made'], { undo: ['rmdir', '/etc/made'] }))
    expect(outcome).toBe('rolled-back')
    expect(warnings).toEqual([expect.stringContaining('its undo, rmdir /etc/made, failed with exit code 1')])
  })

  test('records nothing, and takes back what it had recorded', async () => {
    await apply(record(), failing)
    expect(await listResources(world.store, 'hosts')).toEqual([])
  })
})

describe('a rollback that fails', () => {
  const stuck = () =>
    apply(
      write(),
      run(['mkdir', '/etc/made'], { undo: ['broken'] }),
      run(['mkdir', '/etc/other'], { undo: ['rmdir', '/etc/other'] }),
      failing,
    )
  beforeEach(() => {
    world.h1.programs.set('broken', () => ({ exitCode: 1, stderr: 'no way\n' }))
  })

  test('stops there, since what was made before may be in use, and lists what to look at', async () => {
    const outcome = await stuck()
    expect(outcome).toMatchObject({
      outcome: 'stuck',
      lookAt: [
        'could not undo: run mkdir /etc/made on h1: broken on ssh://h1 failed with exit code 1: no way',
        'still as the plan made it: write /etc/xen/menas.cfg on h1',
      ],
      error: {
        code: 'stuck',
        message:
          'make menas: cannot run false-program on h1 (step 4 of 4); not everything could be put back: look at it, then run domus operations retry 1',
      },
    })
    expect(results(outcome)).toEqual(['changed', 'not-undone', 'undone', 'failed'])
    expect(outcome.error?.problems.map(({ message }) => message)).toEqual(outcome.lookAt)
    expect(await lastOperation()).toMatchObject({ state: 'stuck', detail: { lookAt: outcome.lookAt } })
  })

  test('keeps its subject until it is settled', async () => {
    await stuck()
    await expect(apply(write())).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining(
        'operation 1 (make menas) of root since 2026-01-02T03:04:05.000Z; it is stuck',
      ),
    })
    world.h1.programs.set('broken', () => ({}))
    expect(await retryUndo(world.context, 1)).toMatchObject({ outcome: 'rolled-back' })
    expect(world.h1.files.size).toBe(0)
    expect(await apply(write())).toMatchObject({ outcome: 'done' })
  })

  test('can be tried again, and fail again', async () => {
    await stuck()
    expect(await retryUndo(world.context, 1)).toMatchObject({ outcome: 'rolled-back' }) // uncertain: a warning
    await expect(retryUndo(world.context, 1)).rejects.toMatchObject({
      code: 'conflict',
      message: 'operation 1 is rolled-back: there is nothing to undo',
    })
  })

  test('can be left as it is by a person', async () => {
    await stuck()
    await dismissOperation(world.context, 1, 'anna')
    expect(await lastOperation()).toMatchObject({
      state: 'dismissed',
      detail: { warnings: ['left as it is by anna'] },
    })
    const before = { kind: 'file', content: CONFIG, mode: 0o644 } as const
    expect(await apply(write({ before }))).toMatchObject({ outcome: 'done' })
    await expect(dismissOperation(world.context, 1, 'anna')).rejects.toMatchObject({ code: 'conflict' })
    await expect(retryUndo(world.context, 99)).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('what is refused before anything begins', () => {
  test('a plan that does not know all it depends on', async () => {
    const unknown = { ...plan(write()), facts: 'unknown' as const }
    await expect(applyPlan(unknown, REQUEST, world.context)).rejects.toMatchObject({ code: 'refused' })
  })

  test('a plan for another revision of the inventory', async () => {
    await recordChanges(world.store, [{ noun: 'hosts', name: 'h2', after: {} }], { revision: 0, at: 'x' })
    await expect(apply(write(), record())).rejects.toMatchObject({ code: 'stale-plan' })
  })

  test('a plan for a domain that is being worked on', async () => {
    let other: Promise<unknown> | undefined
    world.h1.programs.set('slow', () => {
      other = applyPlan(plan(write()), { who: 'anna', subjects: ['site', 'domain/menas'] }, world.context)
      return {}
    })
    // The other one is refused while this one runs.
    const outcome = await apply(run(['slow']))
    await expect(other).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringMatching(
        /^domain\/menas is busy with operation 1 \(make menas\) of root since .*; wait for its end$/,
      ),
    })
    expect(outcome.outcome).toBe('done')
  })

  test('a plan for a domain that was started since the plan looked at it', async () => {
    const { context, store, h1 } = world
    h1.put('/etc/xen/menas.cfg', CONFIG)
    const since = await loadJournalMark(store)
    await apply(start())
    const late = applyPlan(plan(remove()), { ...REQUEST, since }, context)
    await expect(late).rejects.toMatchObject({
      code: 'stale-plan',
      message:
        'domain/menas has been worked on by operation 1 (make menas) of root since this was planned: plan again',
    })
    expect(world.xl.domains).toMatchObject([{ name: 'menas' }])
  })

  test('a plan for a domain that was being started when the plan looked at it', async () => {
    const { context, store, h1 } = world
    let mark: Promise<JournalMark> | undefined
    h1.programs.set('slow', () => {
      mark = loadJournalMark(store)
      return {}
    })
    await apply(run(['slow']))
    const since = await mark
    expect(since).toEqual({ latest: 1, running: [1] })
    const late = applyPlan(plan(write()), { ...REQUEST, ...(since && { since }) }, context)
    await expect(late).rejects.toMatchObject({ code: 'stale-plan' })
    const now = await loadJournalMark(store)
    expect(await applyPlan(plan(write()), { ...REQUEST, since: now }, context)).toMatchObject({
      outcome: 'done',
    })
  })

  test.each([
    ['was made', { kind: 'absent' }],
    ['was changed', { kind: 'file', content: 'other', mode: 0o644 }],
    ['was changed', { kind: 'file', content: 'now', mode: 0o600 }],
    ['was not known when this was planned (no root)', { kind: 'unknown', reason: 'no root' }],
  ] as const)('a file that %s', async (what, before) => {
    world.h1.put('/etc/x', 'now')
    const outcome = await apply(write({ path: '/etc/x', before }), write())
    expect(outcome).toMatchObject({ outcome: 'rolled-back', error: { code: 'stale-plan' } })
    expect(outcome.error?.cause).toMatchObject({ message: expect.stringContaining(`/etc/x on h1 ${what}`) })
    expect(results(outcome)).toEqual(['failed', 'pending'])
    expect(world.h1.log).toEqual(['read /etc/x'])
  })
})

describe('starting a domain', () => {
  beforeEach(() => world.h1.put('/etc/xen/menas.cfg', CONFIG))

  test.each([
    ['name', 'menas', '11111111-1111-1111-1111-111111111111'],
    ['uuid', 'other', UUID],
  ])('one with that %s is not touched', async (_what, name, uuid) => {
    world.xl.add(name, uuid)
    const outcome = await apply(start())
    expect(outcome).toMatchObject({ outcome: 'rolled-back', error: { code: 'conflict' } })
    expect(world.xl.domains).toMatchObject([{ name, uuid }])
    expect(world.h1.commands).toEqual(['xl list -v'])
  })

  test('one that a create left behind when it failed is destroyed', async () => {
    world.h1.fault = (action) => (action.startsWith('run xl create') ? 'fail-after' : undefined)
    world.xl.add('other', '11111111-1111-1111-1111-111111111111')
    expect(await apply(start())).toMatchObject({ outcome: 'rolled-back' })
    expect(world.xl.domains).toMatchObject([{ name: 'other' }])
  })

  test('a create that failed and left nothing is rolled back', async () => {
    world.h1.fault = (action) => (action.startsWith('run xl create') ? 'fail-before' : undefined)
    expect(await apply(start())).toMatchObject({ outcome: 'rolled-back' })
    expect(world.h1.commands).not.toContainEqual(expect.stringContaining('destroy'))
  })

  test('a host that cannot be asked any more leaves it stuck, with the config in its place', async () => {
    world.h1.files.clear()
    world.h1.fault = (action) =>
      world.xl.domains.length > 0 && action === 'run xl list -v' ? 'unreachable' : undefined
    const outcome = await apply(write(), start(), failing)
    expect(outcome).toMatchObject({
      outcome: 'stuck',
      lookAt: [
        expect.stringMatching(/^could not undo: start domain menas on h1: cannot reach ssh:\/\/h1/),
        'still as the plan made it: write /etc/xen/menas.cfg on h1',
      ],
    })
    expect([...world.h1.files.keys()]).toEqual(['/etc/xen/menas.cfg'])
    world.h1.fault = () => undefined
    expect(await retryUndo(world.context, 1)).toMatchObject({ outcome: 'rolled-back' })
    expect(world.xl.domains).toEqual([])
    expect(world.h1.files.size).toBe(0)
  })
})

describe('stopping a domain', () => {
  const stop = (verb: string): Step => ({
    kind: 'stop',
    ...ON_H1,
    domain: 'menas',
    argv: ['xl', verb, 'menas'],
    timeoutMs: 0,
  })

  test('one that is not there is no change', async () => {
    expect(results(await apply(stop('shutdown')))).toEqual(['unchanged'])
  })

  test('one that ends is gone', async () => {
    world.xl.add('menas', UUID)
    expect(results(await apply(stop('destroy')))).toEqual(['changed'])
    expect(world.xl.domains).toEqual([])
  })

  test('one that does not end in time is named with the seconds', async () => {
    world.xl.add('menas', UUID)
    world.h1.programs.set('ignored', () => ({}))
    const { error } = await apply({ ...stop('x'), argv: ['ignored'] } as Step)
    expect(error?.cause).toMatchObject({
      message: 'domain menas (1) is still on h1 after 0 s, as running (-b----)',
    })
  })

  test('a command that fails is told, unless the domain is gone all the same', async () => {
    world.xl.add('menas', UUID)
    const { error } = await apply(stop('nonsense'))
    expect(error?.cause).toMatchObject({
      message: expect.stringContaining('xl nonsense menas on h1 failed with exit code 2'),
    })
  })

  test('it cannot be undone, which is told', async () => {
    world.xl.add('menas', UUID)
    const { outcome, warnings } = await apply(stop('destroy'), failing)
    expect(outcome).toBe('rolled-back')
    expect(warnings).toEqual(['domain menas on h1 was stopped and stays so: a stop cannot be undone'])
  })
})

describe('a journal that cannot be written any more', () => {
  test('everything is put back, and the error names the database', async () => {
    const { h1, store, nextProcess } = world
    let readOnly: Promise<unknown> = Promise.resolve()
    h1.programs.set('break-disk', () => {
      readOnly = sql`pragma query_only = on`.execute(store.db)
      return {}
    })
    await expect(apply(write(), run(['break-disk']), write({ path: '/etc/b' }))).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('cannot be written'),
    })
    await readOnly
    expect(h1.files.size).toBe(0)
    await sql`pragma query_only = off`.execute(store.db)
    expect(await recoverOperations(nextProcess())).toMatchObject([{ outcome: { outcome: 'rolled-back' } }])
    expect(h1.files.size).toBe(0)
  })
})
