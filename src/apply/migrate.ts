import { setTimeout } from 'node:timers/promises'
import { DomusError } from '../errors.ts'
import { type DetachedState, lookDetached, startDetached } from '../machine/detached.ts'
import { type Copy, copiesOn, describeCopies, settledHost } from '../migration/copies.ts'
import { complaintsIn, describeEnd, describeProgress, readMigrationLog } from '../migration/progress.ts'
import { recordChanges, unrecordChanges } from '../store/record.ts'
import { domainsOn } from './domains-on.ts'
import type { StepContext, StepKind, StepOf } from './step.ts'

const LOOK_EVERY_MS = 1000
const LOOK_AT_TARGET_EVERY_MS = 5000
/** A host that does not answer for so long is given up; the migration goes on without us. */
const PATIENCE_MS = 120_000
/** After the program's end: xenstore and a dying domain may need a while. */
const SETTLE_MS = 30_000

/** What is known of a run before it begins. */
export interface SavedRun {
  /** Tells it from earlier ones. */
  readonly token: string
  /** Memory of the guest. */
  readonly memoryMiB: number
}

type MigrateStep = StepOf<'migrate'>

/** Where a migration of a domain keeps what its program says, on the host that the domain leaves. */
export const runFolder = (domain: string) => `/run/domus/migrate/${domain}`

/**
 * Moves a running domU: starts the program so that it outlives us, follows it to its end, then looks at both hosts and
 * records what is true. After a crash the next process follows the same run.
 *
 * It is never moved back: once the guest runs on the target the plan goes forward.
 */
export const migrateStep: StepKind<MigrateStep, SavedRun> = {
  describe: ({ domain, on, to }) => `migrate domain ${domain} from ${on} to ${to.on}`,
  isFinal: true,
  async prepare(step, context) {
    const copies = await copiesOf(step, context)
    if (settledHost(copies) !== step.on)
      throw new DomusError(
        'stale-plan',
        `domain ${step.domain} does not run on ${step.on} alone any more: ${describeCopies(copies)}`,
      )
    const domain = (await domainsOn(step, context)).find(({ name }) => name === step.domain)
    return { token: context.now().toISOString(), memoryMiB: domain?.memoryMiB ?? 0 }
  },
  async apply(step, saved, context) {
    const machine = context.machines(step.machine)
    const { domain, argv, systemd } = step
    await startDetached(machine, argv, { folder: runFolder(domain), token: saved.token, systemd })
    return finish(step, saved, context)
  },
  carryOn: finish,
  async isGoingOn({ domain, machine }, { token }, { machines }) {
    const state = await lookDetached(machines(machine), { folder: runFolder(domain), token, offset: 0 })
    return state.kind === 'going' && state.token === token
  },
  async undo(step, saved, context) {
    const { token } = saved
    const state = await lookDetached(context.machines(step.machine), {
      folder: runFolder(step.domain),
      token,
      offset: 0,
    })
    if (state.kind === 'going' && state.token === token)
      throw new DomusError('conflict', `domain ${step.domain} is being migrated from ${step.on} still`)
    const copies = await copiesOf(step, context)
    if (settledHost(copies) === step.on)
      return unrecordChanges(context.store, step.changes, {
        at: context.now().toISOString(),
        mark: markOf(step, saved),
      })
    throw halfWay(step, copies)
  },
}

/** Of two runs of one domain the tokens differ. */
const markOf = ({ domain, on, to }: MigrateStep, { token }: SavedRun) =>
  `migrate ${domain} ${on} ${to.on} ${token}`

async function finish(step: MigrateStep, saved: SavedRun, context: StepContext): Promise<'changed'> {
  const log = await follow(step, saved, context)
  const copies = await settledCopies(step, context)
  if (settledHost(copies) === step.to.on) {
    const at = context.now().toISOString()
    await recordChanges(context.store, step.changes, { at, mark: markOf(step, saved) })
    const end = describeEnd(readMigrationLog(log), saved.memoryMiB)
    context.report(`${step.domain} runs on ${step.to.on}: ${end}`)
    return 'changed'
  }
  const said = complaintsIn(log) || 'it said nothing'
  if (settledHost(copies) !== step.on) throw halfWay(step, copies, said)
  throw new DomusError(
    'command-failed',
    `domain ${step.domain} was not migrated, it runs on ${step.on} as before: ${said}`,
  )
}

const halfWay = ({ domain, on, to }: MigrateStep, copies: readonly Copy[], said = '') =>
  new DomusError(
    'conflict',
    `domain ${domain} is neither on ${on} nor on ${to.on} as it should be: ${describeCopies(copies)}; put it right: domus repair ${domain}`,
    said === '' ? {} : { cause: new Error(said) },
  )

/** Follows the run to its end, also over a lost connection; resolves with all that it said. */
async function follow(
  step: MigrateStep,
  { token, memoryMiB }: SavedRun,
  context: StepContext,
): Promise<string> {
  const machine = context.machines(step.machine)
  const arrivals = watchArrivals(step, context)
  let log = ''
  let answeredAt = performance.now()
  let waitSeconds = 0
  for (;;) {
    const run = { folder: runFolder(step.domain), token, offset: Buffer.byteLength(log), waitSeconds }
    const askedAt = performance.now()
    const state = await lookDetached(machine, run).catch(async (error: unknown) => {
      if (performance.now() - answeredAt > PATIENCE_MS) throw error
      context.progress(`${step.on} does not answer; the migration goes on without us`)
      await setTimeout(LOOK_EVERY_MS)
      return undefined
    })
    if (state === undefined) continue
    answeredAt = performance.now()
    if (!isOurs(state, token)) return log
    log += state.log
    if (state.kind !== 'going') return log
    const read = readMigrationLog(log)
    const { copiedMiB, seconds } = await arrivals(read.phase)
    const words = describeProgress(read, { copiedMiB, totalMiB: memoryMiB, seconds })
    context.progress(`${step.domain} to ${step.to.on}: ${words}`)
    waitSeconds = secondsUntilNext(performance.now() - askedAt - 1000 * waitSeconds)
  }
}

/** Looking takes a small part of the time only, since it costs the hosts what the migration could have. */
const secondsUntilNext = (tookMs: number) => Math.min(Math.max(1, Math.round(tookMs / 50)), 10)

/**
 * How much of the guest the target has: its copy there grows with what arrives. A look takes a twentieth of the time at
 * most, since it costs the target what the migration could have; one that does not answer is not waited for.
 */
function watchArrivals(step: MigrateStep, context: StepContext) {
  const began = performance.now()
  let next = began + LOOK_AT_TARGET_EVERY_MS
  let [copiedMiB, seconds]: [number | undefined, number] = [undefined, 0]
  return async (phase: string) => {
    const now = performance.now()
    if (phase !== 'copying' || now < next) return { copiedMiB, seconds }
    const name = context.toolstack.incomingName(step.domain)
    const states = await domainsOn(step.to, context).catch(() => [])
    next = now + Math.max(LOOK_AT_TARGET_EVERY_MS, 20 * (performance.now() - now))
    copiedMiB = states.find((state) => state.name === name)?.memoryMiB ?? copiedMiB
    seconds = (now - began) / 1000
    return { copiedMiB, seconds }
  }
}

/** One that was never started, or whose host was booted since, says nothing. */
const isOurs = (state: DetachedState, token: string): state is Exclude<DetachedState, { kind: 'absent' }> =>
  state.kind !== 'absent' && state.token === token

/** All copies on both hosts. */
async function copiesOf(step: MigrateStep, context: StepContext): Promise<Copy[]> {
  const found = await Promise.all(
    [step, step.to].map(async (host) =>
      copiesOn(host.on, await domainsOn(host, context), step, context.toolstack),
    ),
  )
  return found.flat()
}

/** The copies as soon as there is one that runs, or when they had time enough. */
async function settledCopies(step: MigrateStep, context: StepContext): Promise<Copy[]> {
  const end = performance.now() + SETTLE_MS
  for (;;) {
    const copies = await copiesOf(step, context)
    if (!copies.some(({ condition }) => condition === 'ending') || performance.now() > end) return copies
    context.progress(`waiting for the end of ${describeCopies(copies)}`)
    await setTimeout(LOOK_EVERY_MS)
  }
}
