import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exportLinux } from '../../../src/apply/export-linux.ts'
import { NothingDone, type StepContext } from '../../../src/apply/step.ts'
import type { Inventory } from '../../../src/model/inventory.ts'
import { keyOf } from '../../../src/nfs/entries.ts'
import { linux } from '../../../src/nfs/linux.ts'
import { optionsOf } from '../../../src/nfs/linux-file.ts'
import { dryRunArgv } from '../../../src/nfs/linux-scripts.ts'
import type { ExportEntry } from '../../../src/plan/plan.ts'
import { gatherExportFacts } from '../../../src/service/exports-facts.ts'
import { known, owner, request, serverIn, siteOf } from '../../builders/exports.ts'
import { installExportfs, type LiveTable, spell } from '../../fakes/exportfs.ts'
import { type Fault, MemoryMachine } from '../../fakes/memory-machine.ts'

const DROP_IN = '/etc/exports.d/domus.exports'
const whole = siteOf(
  [
    ['menas', 'slack', '38.99.2.222'],
    ['web', 'deb12', '38.99.2.223'],
    ['db', 'database', '38.99.2.224'],
  ],
  { folder: '/srv/xen' },
)
const of = (...names: string[]): Inventory => ({
  ...whole,
  domains: new Map([...whole.domains].filter(([name]) => names.includes(name))),
})

function server(): { machine: MemoryMachine; live: LiveTable; told: string[]; context: StepContext } {
  const machine = new MemoryMachine()
  machine.put('/etc/exports', '/srv/theirs 10.0.0.1(ro,sync,no_subtree_check)\n')
  const live = installExportfs(machine)
  live.set('/srv/theirs 10.0.0.1', 'ro,sync,no_subtree_check')
  const told: string[] = []
  const used: Partial<StepContext> = {
    machines: () => machine,
    progress: () => undefined,
    warn: (text) => told.push(text),
  }
  return { machine, live, told, context: used as StepContext }
}

async function stepFor(machine: MemoryMachine, inventory: Inventory) {
  const paths = [...inventory.images.values()].map(({ path }) => path)
  const facts = await gatherExportFacts(machine, serverIn(inventory), paths)
  const plan = linux.plan(request(inventory, { facts: { ...facts, running: known(new Set<string>()) } }))
  const [step] = plan.steps
  if (step?.kind !== 'export') throw new Error(`no export step: ${JSON.stringify(plan)}`)
  return step
}

async function exportTo({ machine, context }: ReturnType<typeof server>, inventory: Inventory) {
  const step = await stepFor(machine, inventory)
  const saved = await exportLinux.prepare(step, context)
  return { step, saved, result: await exportLinux.apply(step, saved, context) }
}

/** All that an export step may touch. */
const picture = ({ machine, live }: ReturnType<typeof server>) => ({
  files: new Map(machine.files),
  live: new Map([...live].map(([key, options]) => [key, spell(options)])),
})

test('the order: lock, dry run, what goes, file, what comes, a look', async () => {
  const at = server()
  await exportTo(at, of('menas', 'web'))
  at.machine.log.length = 0
  await exportTo(at, of('menas', 'db'))
  const actions = at.machine.log.map((action) => action.split('\n')[0]?.split(' ').slice(0, 3).join(' '))
  expect(actions.slice(actions.indexOf('lock /run/domus-exports.lock'))).toEqual([
    'lock /run/domus-exports.lock',
    `read ${DROP_IN}`,
    'run sh -c',
    'run sh -c',
    'run exportfs -u',
    `write ${DROP_IN}`,
    'run exportfs -i',
    'run sh -c',
  ])
})

test('exportfs -ra is never run, and no file but ours is written', async () => {
  const at = server()
  for (const site of [of('menas'), of('menas', 'web', 'db'), of('db'), of()]) await exportTo(at, site)
  expect(at.machine.commands.filter((command) => command.startsWith('exportfs -r'))).toEqual([])
  expect(new Set(at.machine.log.filter((action) => /^(?:write|remove) /.test(action)))).toEqual(
    new Set([`write ${DROP_IN}`, `remove ${DROP_IN}`]),
  )
})

test('the last export takes the file away', async () => {
  const at = server()
  const before = picture(at)
  await exportTo(at, of('menas'))
  await exportTo(at, of())
  expect(picture(at)).toEqual(before)
})

test('mode and owner of the file stay', async () => {
  const at = server()
  await exportTo(at, of('menas'))
  const { content } = at.machine.files.get(DROP_IN) ?? { content: '' }
  at.machine.put(DROP_IN, content, { mode: 0o640, uid: 3, gid: 4 })
  await exportTo(at, of('menas', 'web'))
  expect(at.machine.files.get(DROP_IN)).toMatchObject({ mode: 0o640, uid: 3, gid: 4 })
})

test('a thousand exports are two commands of exportfs at most, whatever their length', async () => {
  const at = server()
  const step = await stepFor(at.machine, of('menas'))
  const after = Array.from({ length: 1000 }, (_, n) => ({
    path: `/srv/xen/image${n}`,
    client: `10.0.${Math.floor(n / 250)}.${(n % 250) + 1}`,
    access: 'rw' as const,
  }))
  const many = {
    ...step,
    after,
    content: linux.render({ site: 'book', templates: request(whole).templates }, after),
  }
  const saved = await exportLinux.prepare(many, at.context)
  await exportLinux.apply(many, saved, at.context)
  const commands = at.machine.commands.filter((command) => command.startsWith('exportfs -i'))
  expect(commands.length).toBeLessThanOrEqual(2)
  for (const command of commands) expect(command.length).toBeLessThan(100_000)
})

describe('a file of more than a thousand exports', () => {
  const entries = (count: number): ExportEntry[] =>
    Array.from({ length: count }, (_, n) => ({
      path: `/srv/xen/image${n}`,
      client: `10.0.${Math.floor(n / 250)}.${(n % 250) + 1}`,
      access: 'rw',
    }))
  const render = (list: readonly ExportEntry[]) => linux.render(owner, list)

  /** Adds one export to so many, the file being as given; returns the texts that the parser had to try. */
  async function addOne(count: number, file = render(entries(count))) {
    const at = server()
    for (const entry of entries(count)) at.live.set(keyOf(entry), optionsOf(entry))
    at.machine.put(DROP_IN, file)
    const tried: string[] = []
    const sh = at.machine.programs.get('sh')
    at.machine.programs.set('sh', (argv, options, machine) => {
      if (argv.includes(dryRunArgv.at(-1) ?? '')) tried.push(options.input ?? '')
      return sh?.(argv, options, machine)
    })
    const step = {
      ...(await stepFor(server().machine, of('menas'))),
      before: entries(count),
      after: entries(count + 1),
      fileBefore: { kind: 'file', content: file, mode: 0o644 } as const,
      content: render(entries(count + 1)),
    }
    const saved = await exportLinux.prepare(step, at.context)
    expect(await exportLinux.apply(step, saved, at.context)).toBe('changed')
    return { ...at, tried }
  }

  test('of lines that are as domus wrote them, only the new one is tried, and the table is read as it lies there', async () => {
    const { tried, live, machine } = await addOne(1200)
    expect(tried.map((text) => text.match(/^\/.*$/gm))).toEqual([
      ['/srv/xen/image1200 10.0.4.201(rw,sync,no_subtree_check,no_root_squash,secure)'],
    ])
    expect(live.size).toBe(1202)
    expect(machine.commands.filter((command) => command.includes('runs exportfs -s'))).toEqual([])
  })

  test('with a line that somebody has changed, all of it is tried', async () => {
    const file = render(entries(1200)).replace('10.0.0.7(rw,sync', '10.0.0.7(rw,async')
    const { tried } = await addOne(1200, file)
    expect(tried.map((text) => text.match(/^\/.*$/gm)?.length)).toEqual([1201])
  })

  test('and a shorter one is tried as a whole, and looked at with exportfs -s', async () => {
    const { tried, machine } = await addOne(900)
    expect(tried.map((text) => text.match(/^\/.*$/gm)?.length)).toEqual([901])
    expect(machine.commands.filter((command) => command.includes('runs exportfs -s'))).toHaveLength(1)
  })
})

describe('somebody has exported by hand since the plan was made:', () => {
  test.each([
    ['a second writer of our root', '/srv/xen/slack 38.99.2.99', 'rw', /slack is exported to 38\.99\.2\.99/],
    ['its parent', '/srv/xen *', 'ro', /slack lies inside \/srv\/xen.*exportfs -u '\*:\/srv\/xen'/],
    ['a directory in it', '/srv/xen/slack/home 10.0.0.1', 'rw', /slack lies above \/srv\/xen\/slack\/home/],
  ])('%s stops it, with nothing changed', async (_what, key, access, message) => {
    const at = server()
    const step = await stepFor(at.machine, of('menas'))
    at.live.set(key, `${access},sync,no_subtree_check`)
    const before = picture(at)
    const saved = await exportLinux.prepare(step, at.context)
    const apply = exportLinux.apply(step, saved, at.context)
    await expect(apply).rejects.toMatchObject({ code: 'refused', message: expect.stringMatching(message) })
    await expect(apply).rejects.toBeInstanceOf(NothingDone)
    expect(picture(at)).toEqual(before)
  })
})

test('what exportfs says of a change that works is told to the user', async () => {
  const at = server()
  const exportfs = at.machine.programs.get('exportfs')
  at.machine.programs.set('exportfs', (...all) => ({
    ...exportfs?.(...all),
    stderr: 'exportfs: mind the gap\n',
  }))
  await exportTo(at, of('menas'))
  expect(at.told).toEqual(['exportfs on filer: exportfs: mind the gap'])
})

describe('a plan of yesterday', () => {
  test('is stale when the file is another', async () => {
    const at = server()
    const step = await stepFor(at.machine, of('menas'))
    at.machine.put(DROP_IN, '# by hand\n')
    await expect(exportLinux.prepare(step, at.context)).rejects.toMatchObject({ code: 'stale-plan' })
  })

  test('is stale when the file becomes another before the lock is ours', async () => {
    const at = server()
    const step = await stepFor(at.machine, of('menas'))
    const saved = await exportLinux.prepare(step, at.context)
    at.machine.put(DROP_IN, '# by hand\n')
    await expect(exportLinux.apply(step, saved, at.context)).rejects.toMatchObject({ code: 'stale-plan' })
    expect(at.machine.files.get(DROP_IN)?.content).toBe('# by hand\n')
  })

  test('made blind is never carried out', async () => {
    const at = server()
    const step = {
      ...(await stepFor(at.machine, of('menas'))),
      fileBefore: { kind: 'unknown', reason: 'x' } as const,
    }
    await expect(exportLinux.prepare(step, at.context)).rejects.toMatchObject({ code: 'stale-plan' })
  })
})

test('who holds the lock is named, and nothing is changed', async () => {
  const at = server()
  const step = await stepFor(at.machine, of('menas'))
  const saved = await exportLinux.prepare(step, at.context)
  const before = picture(at)
  await at.machine.lock('/run/domus-exports.lock')
  const apply = exportLinux.apply(step, saved, at.context)
  await expect(apply).rejects.toMatchObject({ code: 'busy' })
  await expect(apply).rejects.toBeInstanceOf(NothingDone)
  expect(picture(at)).toEqual(before)
})

const faults: readonly Fault[] = [
  ...(['fail-before', 'fail-after', 'timeout-after', 'unreachable', 'crash-before', 'crash-after'] as const),
]
const anySite = fc.subarray(['menas', 'web', 'db']).map((names) => of(...names))

test('whatever fails or dies wherever, an undo puts file and table back, and another undo changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      anySite,
      anySite,
      fc.constantFrom(...faults),
      fc.nat(12),
      async (from, to, fault, where) => {
        const at = server()
        if (from.domains.size > 0) await exportTo(at, from)
        fc.pre(
          from.domains.size !== to.domains.size ||
            [...from.domains.keys()].join() !== [...to.domains.keys()].join(),
        )
        const step = await stepFor(at.machine, to)
        const before = picture(at)
        const saved = await exportLinux.prepare(step, at.context)
        let count = 0
        at.machine.fault = () => (count++ === where ? fault : undefined)
        const crash = new Promise<string>((resolve) => {
          at.machine.onCrash = () => resolve('crashed')
        })
        const apply = exportLinux.apply(step, saved, at.context).catch(() => 'failed')
        await Promise.race([apply, crash])
        at.machine.fault = () => undefined
        at.machine.dropLocks()
        const journal = JSON.parse(JSON.stringify(saved)) as typeof saved // as another process reads it
        await exportLinux.undo(step, journal, at.context, 'uncertain')
        expect(picture(at)).toEqual(before)
        await exportLinux.undo(step, journal, at.context, 'uncertain')
        expect(picture(at)).toEqual(before)
      },
    ),
    { numRuns: 120 },
  )
})

test('an undo that dies itself is finished by the next one', async () => {
  await fc.assert(
    fc.asyncProperty(anySite, anySite, fc.nat(8), async (from, to, where) => {
      fc.pre([...from.domains.keys()].join() !== [...to.domains.keys()].join())
      const at = server()
      if (from.domains.size > 0) await exportTo(at, from)
      const before = picture(at)
      const { step, saved } = await exportTo(at, to)
      let count = 0
      at.machine.fault = () => (count++ === where ? 'crash-after' : undefined)
      const crash = new Promise<void>((resolve) => {
        at.machine.onCrash = resolve
      })
      await Promise.race([exportLinux.undo(step, saved, at.context, 'done'), crash])
      at.machine.fault = () => undefined
      at.machine.dropLocks()
      await exportLinux.undo(step, saved, at.context, 'uncertain')
      expect(picture(at)).toEqual(before)
    }),
    { numRuns: 60 },
  )
})

test('a temporary export by hand of the same entry comes back with an undo', async () => {
  const at = server()
  at.live.set('/srv/xen/slack 38.99.2.222', 'ro,async,insecure,subtree_check,sec=sys')
  const before = picture(at)
  const { step, saved } = await exportTo(at, of('menas'))
  await exportLinux.undo(step, saved, at.context, 'done')
  expect(picture(at)).toEqual(before)
})

test('an undo leaves a file alone that somebody has changed since, and says so', async () => {
  const at = server()
  const { step, saved } = await exportTo(at, of('menas'))
  at.machine.put(DROP_IN, '# by hand\n')
  await expect(exportLinux.undo(step, saved, at.context, 'done')).rejects.toThrow(
    'somebody has changed it since',
  )
  expect(at.machine.files.get(DROP_IN)?.content).toBe('# by hand\n')
})
