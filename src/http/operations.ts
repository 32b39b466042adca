import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import type { OperationSummary } from '../service/jobs.ts'
import type { Context, Server } from './context.ts'
import { cutPage, page } from './paging.ts'
import type { Run } from './runs.ts'
import { flag, operation, operations } from './schemas.ts'

const tags = ['operations']
const params = z.object({ id: z.string() })
const LOOK_EVERY_MS = 500 // at an operation of another process

/** What was done, and is being done. */
export function operationRoutes(server: Server, context: Context): void {
  listRoute(server, context)
  oneRoute(server, context)
  settleRoute(server, context)
}

function listRoute(server: Server, { jobs }: Context) {
  const schema = {
    tags,
    summary: 'all operations, newest first',
    querystring: z.strictObject(page),
    response: { 200: operations },
  }
  server.get('/v1/operations', { schema }, async (request, reply) => {
    const all = await jobs.operations()
    const { items, link } = cutPage(all, ({ id }) => id, { path: '/v1/operations', ...request.query })
    if (link !== undefined) reply.header('link', link)
    return reply.send(items)
  })
}

function oneRoute(server: Server, context: Context) {
  const schema = {
    tags,
    summary: 'one operation; with `wait`, as soon as it has ended or has news',
    params,
    querystring: z.strictObject({
      wait: z.coerce
        .number()
        .pipe(z.number().min(0).max(60))
        .default(0)
        .meta({ description: 'seconds to wait for its end' }),
      seen: z.coerce.number().pipe(z.int().min(0)).optional().meta({
        description: 'also answer when it has more than so many lines of progress; give the later ones',
      }),
    }),
    response: { 200: operation },
  }
  server.get('/v1/operations/:id', { schema }, async (request) => {
    const { id } = request.params
    const { wait, seen } = request.query
    if (wait > 0) await waitFor(context, id, { seconds: wait, seen: seen ?? Number.POSITIVE_INFINITY })
    return view(await context.jobs.operation(id), context.runs.find(id), seen ?? 0)
  })
}

/** An operation, with the run that carries it out where that is ours. */
const view = (summary: OperationSummary, run: Run | undefined, seen: number) =>
  run === undefined
    ? summary
    : { ...summary, run: { seen: run.lines.length, lines: run.lines.slice(seen), ...run.end } }

async function waitFor(
  { jobs, runs, closing }: Context,
  id: string,
  { seconds, seen }: { seconds: number; seen: number },
) {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(seconds * 1000)])
  if (runs.find(id) !== undefined) return runs.news(id, seen, signal)
  while (!signal.aborted && (await jobs.operation(id)).state === 'running') await pause(LOOK_EVERY_MS, signal)
}

const pause = (ms: number, signal: AbortSignal) =>
  setTimeout(ms, undefined, { signal }).catch(() => undefined) // an abort only ends it sooner

function settleRoute(server: Server, { jobs }: Context) {
  const schema = {
    tags,
    summary: 'try again to undo an operation that is stuck; with dismiss leave it as it is',
    params,
    querystring: z.strictObject({ dismiss: flag('leave it as it is, and free what it holds') }),
    body: z.strictObject({}).nullish(),
    response: { 200: operation },
  }
  server.post('/v1/operations/:id/settle', { schema }, (request) =>
    jobs.settle(request.params.id, { dismiss: request.query.dismiss, who: request.caller.who }),
  )
}
