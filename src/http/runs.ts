import { EventEmitter, once } from 'node:events'
import { DomusError, type ProblemJson, problemJson } from '../errors.ts'
import type { ChangeRequest, Jobs, OperationView } from '../service/jobs.ts'
import type { EventHub } from './event-hub.ts'

/** A change this process carries out, or has. */
export interface Run {
  readonly id: string
  /** What was done so far, one line each. */
  readonly lines: readonly string[]
  /** How it ended: what the job returned, or the error it threw; absent while it goes on. */
  readonly end?: { readonly result: OperationView } | { readonly problem: ProblemJson }
}

/** What became of a request: it goes on as an operation, or there was nothing to do. */
export type Begun =
  | { readonly kind: 'begun'; readonly id: string }
  | { readonly kind: 'ended'; readonly view: OperationView }

/** The changes of this process: they go on after the request that asked for them was answered. */
export interface Runs {
  /** Resolves as soon as it is known what becomes of it. @throws DomusError for what is refused before it began */
  begin(request: ChangeRequest, who: string): Promise<Begun>
  /** Undefined when another process ran it, or long ago. */
  find(id: string): Run | undefined
  /** Resolves when the run has ended, has more lines than `seen`, or the signal is aborted. */
  news(id: string, seen: number, signal: AbortSignal): Promise<void>
  /** Refuses changes from now on; resolves when those that go on have ended. */
  drain(): Promise<void>
}

// A result is kept for whoever follows the operation; the journal keeps the rest.
const KEPT_STEPS = 20_000
const KEPT_MS = 10 * 60_000

type MutableRun = { -readonly [K in keyof Run]: Run[K] } & { lines: string[] }

/** Opens the registry of runs; `events` is told of each. */
export function openRuns(jobs: Jobs, events: EventHub): Runs {
  const runs = new Map<string, MutableRun>()
  const signals = new EventEmitter().setMaxListeners(0)
  const pending = new Set<Promise<void>>()
  let isDraining = false

  const open = (id: string, title: string): MutableRun => {
    const run: MutableRun = { id, lines: [] }
    runs.set(id, run)
    events.publish('operation-begun', { operation: id, title })
    return run
  }
  const say = (run: MutableRun, line: string) => {
    run.lines.push(line)
    events.publish('operation-step', { operation: run.id, line })
    signals.emit(run.id)
  }
  const end = (run: MutableRun, how: NonNullable<Run['end']>) => {
    run.end = how
    events.publish('operation-finished', { operation: run.id, ...outcomeOf(how) })
    signals.emit(run.id)
    forgetOldest(runs)
    setTimeout(() => runs.delete(run.id), KEPT_MS).unref()
  }

  const begin = (request: ChangeRequest, who: string) =>
    new Promise<Begun>((resolve, reject) => {
      let run: MutableRun | undefined
      const begun = (id: string) => {
        run = open(id, titleOf(request))
        resolve({ kind: 'begun', id })
      }
      const job = jobs.run(request, { who, begun, step: (line) => run && say(run, line) })
      const ended = job.then(
        (result) => (run ? end(run, { result }) : resolve({ kind: 'ended', view: result })),
        (error) => (run ? end(run, { problem: problemJson(error) }) : reject(error)),
      )
      pending.add(ended)
      // Handled above both ways; what is left is to forget it.
      void ended.finally(() => pending.delete(ended))
    })

  return {
    async begin(request, who) {
      if (isDraining)
        throw new DomusError('busy', 'the service is ending: ask again when it runs, nothing was changed')
      return begin(request, who)
    },
    find: (id) => runs.get(id),
    async news(id, seen, signal) {
      const run = runs.get(id)
      const hasNews = () => run === undefined || run.end !== undefined || run.lines.length > seen
      while (!hasNews() && !signal.aborted) await signalled(signals, id, signal)
    },
    async drain() {
      isDraining = true
      await Promise.allSettled(pending)
    },
  }
}

const signalled = (signals: EventEmitter, id: string, signal: AbortSignal) =>
  once(signals, id, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })

/** Keeps the newest result, and of the others as many as have no more than so many steps together. */
function forgetOldest(runs: Map<string, MutableRun>) {
  const [, ...older] = [...runs.values()].filter((run) => run.end !== undefined).reverse()
  let steps = 0
  for (const { id, lines } of older) {
    steps += 1 + lines.length
    if (steps > KEPT_STEPS) runs.delete(id)
  }
}

const outcomeOf = (end: NonNullable<Run['end']>) =>
  'result' in end
    ? { outcome: end.result.outcome, ...(end.result.error !== undefined && { error: end.result.error }) }
    : { outcome: 'failed', error: end.problem.detail }

function titleOf(request: ChangeRequest): string {
  switch (request.kind) {
    case 'apply':
      return 'apply site'
    case 'create':
      return `create domain ${request.names.join(', ')}`
    case 'delete':
      return `delete ${request.noun.slice(0, -1)} ${request.name}`
    case 'start':
    case 'stop':
    case 'reboot':
    case 'destroy':
    case 'repair':
    case 'fence':
      return `${request.kind} domain ${request.name}`
    case 'migrate':
      return `migrate domain ${request.name} to ${request.host}`
  }
}
