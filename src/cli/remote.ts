import { statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { DomusError } from '../errors.ts'
import type { Inventory } from '../model/inventory.ts'
import type { PlanView } from '../plan/view.ts'
import type { BootEvent, Jobs, OperationSummary, ResourceView, VerifyView } from '../service/jobs.ts'
import { runRemotely } from './remote-run.ts'
import { callOf } from './requests.ts'
import { openSocketClient, type SocketClient } from './socket-client.ts'

const HANDSHAKE_MS = 5000
const PAGE = '100000' // the most that the service gives at once

/**
 * The jobs of the service that listens on a socket; undefined when none does.
 *
 * @throws DomusError 'forbidden' when we may not use the socket, 'unreachable' when the service does not answer
 */
export async function remoteJobs(socketPath: string): Promise<Jobs | undefined> {
  if (!statSync(socketPath, { throwIfNoEntry: false })?.isSocket()) return undefined
  const client = openSocketClient(socketPath, userInfo().username)
  if (await isServed(client, socketPath)) return jobsOf(client, socketPath)
  client.close()
  return undefined
}

async function isServed(client: SocketClient, socketPath: string): Promise<boolean> {
  try {
    await client.call({ method: 'GET', path: '/healthz', timeoutMs: HANDSHAKE_MS })
    return true
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const code = 'code' in error ? error.code : undefined
    // The file of a service that is dead, or that ends right now.
    if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ECONNRESET') return false
    client.close()
    if (code === 'EACCES')
      throw new DomusError(
        'forbidden',
        `a service runs, but its socket ${socketPath} is not ours to use; become root, or join the group of the socket`,
      )
    throw error
  }
}

function jobsOf(client: SocketClient, socketPath: string): Jobs {
  const get = async <T>(path: string, query = {}) =>
    (await client.call({ method: 'GET', path, query })).body as T // the service has the same types
  const all = <T>(path: string) => readPages<T>(client, path)
  return {
    plan: async (request) => (await client.call(callOf(request, { dryRun: true }))).body as PlanView,
    run: (request, events) => runRemotely(client, socketPath, request, events),
    inventory: async () => inventoryOf(await get('/v1/site')),
    list: async (noun) =>
      (await all<Record<string, unknown>>(`/v1/${noun}`)).map((resource) => resourceOf(noun, resource)),
    operations: () => all<OperationSummary>('/v1/operations'),
    operation: async (id) => summaryOf(await get(`/v1/operations/${encodeURIComponent(id)}`)),
    settle: async (id, { dismiss = false } = {}) => {
      const path = `/v1/operations/${encodeURIComponent(id)}/settle`
      return (await client.call({ method: 'POST', path, query: { dismiss: String(dismiss) } }))
        .body as OperationSummary
    },
    timeline: (name) => get<readonly BootEvent[]>(`/v1/domains/${encodeURIComponent(name)}/timeline`),
    verify: async (names, { probe } = {}) =>
      names.length === 0
        ? []
        : get<readonly VerifyView[]>('/v1/verify', {
            ...(names !== 'all' && { name: names }),
            ...(probe && { probe: 'true' }),
          }),
    close: async () => client.close(),
  }
}

/** Follows the Link headers to the end of a list. */
async function readPages<T>(client: SocketClient, path: string): Promise<T[]> {
  const items: T[] = []
  let next: string | undefined = `${path}?limit=${PAGE}`
  while (next !== undefined) {
    const { body, headers } = await client.call({ method: 'GET', path: next })
    items.push(...(body as T[]))
    next = /<([^>]*)>; rel="next"/.exec(String(headers.link ?? ''))?.[1]
  }
  return items
}

function inventoryOf({ site, ...nouns }: { site: string } & Record<string, { name: string }[]>): Inventory {
  const maps = Object.entries(nouns).map(([noun, list]) => [
    noun,
    new Map(list.map((one) => [one.name, one])),
  ])
  return { site, ...Object.fromEntries(maps) } as Inventory // as the service has read it
}

const resourceOf = (
  noun: ResourceView['noun'],
  { state, ...spec }: Record<string, unknown>,
): ResourceView => ({
  noun,
  name: String(spec.name),
  spec,
  ...(state !== undefined && { state: String(state) }),
})

function summaryOf({ run: _run, ...summary }: OperationSummary & { run?: unknown }): OperationSummary {
  return summary
}
