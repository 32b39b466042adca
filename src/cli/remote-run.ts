import { setTimeout } from 'node:timers/promises'
import { DomusError } from '../errors.ts'
import type { ChangeRequest, OperationSummary, OperationView, RunEvents } from '../service/jobs.ts'
import { callOf } from './requests.ts'
import { errorOf, type SocketClient } from './socket-client.ts'

const WAIT_SECONDS = 50 // of one long poll
const PATIENCE_MS = 60_000 // with a service that restarts while it works for us
const AGAIN_AFTER_MS = 500

type Followed = OperationSummary & {
  readonly run?: {
    readonly seen: number
    readonly lines: readonly string[]
    readonly result?: OperationView
    readonly problem?: unknown
  }
}

/** Asks the service for a change and follows it to its end. */
export async function runRemotely(
  client: SocketClient,
  socketPath: string,
  request: ChangeRequest,
  events: RunEvents = {},
): Promise<OperationView> {
  const { status, body } = await ask(client, socketPath, request)
  if (status !== 202) return body as OperationView // nothing to do
  const { operation: id } = body as { operation: string }
  events.begun?.(id)
  return follow(client, socketPath, id, events)
}

async function ask(client: SocketClient, socketPath: string, request: ChangeRequest) {
  try {
    return await client.call(callOf(request, { dryRun: false }))
  } catch (cause) {
    if (cause instanceof DomusError) throw cause
    throw new DomusError(
      'unreachable',
      `the service on ${socketPath} ended before it answered; see what it did with domus operations`,
      { cause },
    )
  }
}

async function follow(
  client: SocketClient,
  socketPath: string,
  id: string,
  events: RunEvents,
): Promise<OperationView> {
  let seen = 0
  for (;;) {
    const { run, state } = await look(client, socketPath, id, seen)
    if (run === undefined) {
      if (state !== 'running') throw lost(id, state)
      continue
    }
    for (const line of run.lines) events.step?.(line)
    seen = run.seen
    if (run.result !== undefined) return run.result
    if (run.problem !== undefined) throw errorOf(run.problem, `operation ${id}`)
  }
}

/** Waits for news of an operation; also over a restart of the service. */
async function look(client: SocketClient, socketPath: string, id: string, seen: number): Promise<Followed> {
  const query = { wait: String(WAIT_SECONDS), seen: String(seen) }
  const timeoutMs = (WAIT_SECONDS + 30) * 1000
  const giveUpAt = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      const path = `/v1/operations/${encodeURIComponent(id)}`
      return (await client.call({ method: 'GET', path, query, timeoutMs })).body as Followed
    } catch (cause) {
      if (cause instanceof DomusError) throw cause
      if (performance.now() > giveUpAt)
        throw new DomusError(
          'unreachable',
          `the service on ${socketPath} is gone while operation ${id} went on; its next start ends it: domus operations show ${id}`,
          { cause },
        )
      await setTimeout(AGAIN_AFTER_MS)
    }
  }
}

const lost = (id: string, state: string) =>
  new DomusError(
    'apply-failed',
    `the service was restarted while operation ${id} went on; it is ${state} now: domus operations show ${id}`,
  )
