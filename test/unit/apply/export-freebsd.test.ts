import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exportFreebsd } from '../../../src/apply/export-freebsd.ts'
import type { StepContext } from '../../../src/apply/step.ts'
import type { Inventory } from '../../../src/model/inventory.ts'
import { freebsd } from '../../../src/nfs/freebsd.ts'
import { gatherExportFacts } from '../../../src/service/exports-facts.ts'
import { known, request, serverIn, siteOf } from '../../builders/exports.ts'
import { type Fault, MemoryMachine } from '../../fakes/memory-machine.ts'
import { type FakeMountd, installMountd } from '../../fakes/mountd.ts'

const whole = siteOf(
  [
    ['menas', 'slack', '38.99.2.222'],
    ['web', 'deb12', '38.99.2.223'],
  ],
  { kind: 'freebsd', folder: '/srv' },
)
const of = (...names: string[]): Inventory => ({
  ...whole,
  domains: new Map([...whole.domains].filter(([name]) => names.includes(name))),
})
const THEIRS = '# homes\n/home -alldirs -network 10.0.0.0/8\n/srv/backup -ro backuphost'

function server(): { machine: MemoryMachine; mountd: FakeMountd; told: string[]; context: StepContext } {
  const machine = new MemoryMachine()
  machine.put('/etc/exports', THEIRS, { mode: 0o640, uid: 1, gid: 2 })
  const mountd = installMountd(machine)
  const told: string[] = []
  const used: Partial<StepContext> = {
    machines: () => machine,
    progress: () => undefined,
    warn: (text) => told.push(text),
  }
  return { machine, mountd, told, context: used as StepContext }
}

async function stepFor(machine: MemoryMachine, inventory: Inventory) {
  const paths = [...inventory.images.values()].map(({ path }) => path)
  const facts = await gatherExportFacts(machine, serverIn(inventory), paths)
  const plan = freebsd.plan(request(inventory, { facts: { ...facts, running: known(new Set<string>()) } }))
  const [step] = plan.steps
  if (step?.kind !== 'export' || plan.problems.length > 0) throw new Error(JSON.stringify(plan))
  return step
}

async function exportTo({ machine, context }: ReturnType<typeof server>, inventory: Inventory) {
  const step = await stepFor(machine, inventory)
  const saved = await exportFreebsd.prepare(step, context)
  return { step, saved, result: await exportFreebsd.apply(step, saved, context) }
}

test('the file is written with its mode and owner, mountd told once, and the table looked at', async () => {
  const at = server()
  const { result } = await exportTo(at, of('menas'))
  expect(result).toBe('changed')
  const file = at.machine.files.get('/etc/exports')
  expect(file).toMatchObject({ mode: 0o640, uid: 1, gid: 2 })
  expect(file?.content.endsWith(`# END DOMUS book\n${THEIRS}`)).toBe(true)
  expect(at.mountd.exported.get('/srv/slack')).toEqual(['38.99.2.222'])
  expect(at.machine.commands.filter((command) => command.includes('kill -HUP'))).toHaveLength(1)
})

test('guests come and go, and the file is as it was, to the byte', async () => {
  const at = server()
  for (const site of [of('menas'), of('menas', 'web'), of('web'), of()]) await exportTo(at, site)
  expect(at.machine.files.get('/etc/exports')).toEqual({ content: THEIRS, mode: 0o640, uid: 1, gid: 2 })
  expect(at.mountd.exported.has('/srv/slack')).toBe(false)
})

test('a line that the administrator has taken out already goes with our signal, and is told', async () => {
  const at = server()
  at.machine.put('/etc/exports', THEIRS.replace('/srv/backup -ro backuphost', ''))
  await exportTo(at, of('menas'))
  expect(at.told).toEqual([expect.stringContaining('/srv/backup is not exported to backuphost any more')])
})

test('mountd may take its time', async () => {
  const at = server()
  at.mountd.lag = 5
  await exportTo(at, of('menas'))
  expect(at.mountd.exported.get('/srv/slack')).toEqual(['38.99.2.222'])
})

test('a client that is shown by its name is exported all the same', async () => {
  const at = server()
  at.mountd.nameOf = (client) => (client === '38.99.2.222' ? 'menas.example.org' : client)
  expect((await exportTo(at, of('menas'))).result).toBe('changed')
})

describe('mountd does not take it', () => {
  test('when it never shows up: the reason is in the message', async () => {
    const at = server()
    at.mountd.lag = 1000
    await expect(exportTo(at, of('menas'))).rejects.toThrow(
      'mountd on filer did not take the exports: /srv/slack is not exported to 38.99.2.222',
    )
  })

  test('when it logs one of our lines', async () => {
    const at = server()
    const step = await stepFor(at.machine, of('menas'))
    // The administrator lets the guest into the same dataset; the planner did not know.
    at.machine.put('/etc/exports', `${THEIRS}\n`)
    const planned = { ...step, fileBefore: { kind: 'file', content: `${THEIRS}\n`, mode: 0o644 } as const }
    const content = `/srv/slack/var 38.99.2.222\n${step.content}`
    const saved = await exportFreebsd.prepare(planned, at.context)
    await expect(exportFreebsd.apply({ ...planned, content }, saved, at.context)).rejects.toThrow(
      /bad exports list line \/srv\/slack -maproot=0 38\.99\.2\.222/,
    )
  })
})

test('what mountd says of lines that are not ours is told, and stops nothing', async () => {
  const at = server()
  at.machine.put('/etc/exports', `${THEIRS}\n/srv/a/x h\n/srv/a/y h\n`)
  await exportTo(at, of('menas'))
  expect(at.told).toEqual([
    expect.stringMatching(/lines that are not ours: .*bad exports list line \/srv\/a\/y h/),
  ])
})

test('a mountd that does not run is named', async () => {
  const at = server()
  const sh = at.machine.programs.get('sh')
  at.machine.programs.set('sh', (...all) =>
    all[0][2]?.includes('kill -HUP')
      ? { exitCode: 1, stderr: 'cat: /var/run/mountd.pid: No such file' }
      : sh?.(...all),
  )
  await expect(exportTo(at, of('menas'))).rejects.toThrow(/cannot tell mountd on local.*mountd\.pid/)
})

const faults: readonly Fault[] = [
  'fail-before',
  'fail-after',
  'timeout-after',
  'unreachable',
  'crash-before',
  'crash-after',
]
const anySite = fc.subarray(['menas', 'web']).map((names) => of(...names))

test('whatever fails or dies wherever, an undo puts the file and the exports back', async () => {
  await fc.assert(
    fc.asyncProperty(
      anySite,
      anySite,
      fc.constantFrom(...faults),
      fc.nat(10),
      async (from, to, fault, where) => {
        fc.pre([...from.domains.keys()].join() !== [...to.domains.keys()].join())
        const at = server()
        if (from.domains.size > 0) await exportTo(at, from)
        const step = await stepFor(at.machine, to)
        const before = [at.machine.files.get('/etc/exports'), [...at.mountd.exported.keys()].toSorted()]
        const saved = await exportFreebsd.prepare(step, at.context)
        let count = 0
        at.machine.fault = () => (count++ === where ? fault : undefined)
        const crash = new Promise<void>((resolve) => {
          at.machine.onCrash = resolve
        })
        const apply = exportFreebsd.apply(step, saved, at.context).then(
          () => undefined,
          () => undefined,
        )
        await Promise.race([apply, crash])
        at.machine.fault = () => undefined
        at.machine.dropLocks()
        for (let times = 0; times < 2; times++) {
          await exportFreebsd.undo(step, JSON.parse(JSON.stringify(saved)), at.context, 'uncertain')
          expect([at.machine.files.get('/etc/exports'), [...at.mountd.exported.keys()].toSorted()]).toEqual(
            before,
          )
        }
      },
    ),
    { numRuns: 100 },
  )
})
