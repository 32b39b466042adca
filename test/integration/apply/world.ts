import type { ApplyContext } from '../../../src/apply/context.ts'
import type { Plan, Step } from '../../../src/plan/plan.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Owner } from '../../../src/store/operations.ts'
import type { Store } from '../../../src/store/store.ts'
import { toolstacks } from '../../../src/toolstack/kinds.ts'
import { FakeXl } from '../../fakes/fake-xl.ts'
import { MemoryMachine, memoryMachines } from '../../fakes/memory-machine.ts'

export const UUID = '6ba7b811-9dad-51d1-80b4-00c04fd430c8'
export const ON_H1 = { on: 'h1', machine: 'ssh://h1' } as const
export const CONFIG = `name = "menas"\nuuid = "${UUID}"\n`

/** A host with xl, an NFS server, a store, and what plans are carried out with. */
export interface World {
  readonly h1: MemoryMachine
  readonly filer: MemoryMachine
  readonly xl: FakeXl
  readonly store: Store
  readonly context: ApplyContext
  /** The context of another process, after the first one died. */
  nextProcess(): ApplyContext
}

export async function openWorld(store?: Store): Promise<World> {
  const h1 = new MemoryMachine('ssh://h1')
  const filer = new MemoryMachine('ssh://filer')
  filer.programs.set('exportfs', () => ({}))
  const machines = memoryMachines(h1, filer)
  const opened = store ?? (await openStore('sqlite::memory:'))
  let pid = 1
  const nextProcess = (): ApplyContext => {
    const living = ++pid
    return {
      store: opened,
      machines,
      toolstack: toolstacks.xl,
      now: () => new Date('2026-01-02T03:04:05Z'),
      owner: owner(living),
      isOwnerAlive: (other) => other.pid === living,
    }
  }
  return { h1, filer, store: opened, xl: new FakeXl().installOn(h1), context: nextProcess(), nextProcess }
}

const owner = (pid: number): Owner => ({ pid, startTicks: '1', bootId: 'b', pidNamespace: 'n' })

export const plan = (...steps: readonly Step[]): Plan => ({
  title: 'make menas',
  steps,
  warnings: [],
  facts: 'known',
})

type Write = Extract<Step, { kind: 'write' }>
type Remove = Extract<Step, { kind: 'remove' }>
type Run = Extract<Step, { kind: 'run' }>

export const write = (over: Partial<Write> = {}): Write => ({
  kind: 'write',
  ...ON_H1,
  path: '/etc/xen/menas.cfg',
  content: CONFIG,
  mode: 0o644,
  before: { kind: 'absent' },
  ...over,
})

export const remove = (over: Partial<Remove> = {}): Remove => ({
  kind: 'remove',
  ...ON_H1,
  path: '/etc/old',
  before: { kind: 'file', content: 'old', mode: 0o600 },
  ...over,
})

export const run = (argv: readonly string[], over: Partial<Run> = {}): Run => ({
  kind: 'run',
  ...ON_H1,
  argv,
  ...over,
})

export const start = (): Step => ({
  kind: 'start',
  ...ON_H1,
  domain: 'menas',
  uuid: UUID,
  argv: ['xl', 'create', '/etc/xen/menas.cfg'],
})

export const record = (revision = 0, name = 'h9'): Step => ({
  kind: 'record',
  machine: 'local',
  revision,
  changes: [{ noun: 'hosts', name, after: { name } }],
})

export const REQUEST = { who: 'root', subjects: ['domain/menas'] }
