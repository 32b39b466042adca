import { z } from 'zod'
import { openRenderer } from '../service/render.ts'
import { answerChange, changeAnswers, changeQuery } from './change.ts'
import type { Context, Server } from './context.ts'
import { params } from './resources.ts'
import { flag, givenDomain, text, timeline, verdict, verdicts } from './schemas.ts'

/** What can be done with domains beyond declaring them: make many, start, stop, look at. */
export function domainRoutes(server: Server, context: Context): void {
  createRoute(server, context)
  startRoute(server, context)
  for (const kind of ['stop', 'reboot', 'destroy', 'repair'] as const) lifecycleRoute(server, context, kind)
  migrateRoute(server, context)
  fenceRoute(server, context)
  verifyRoutes(server, context)
  lookRoutes(server, context)
}

const tags = ['domains']
const force = z.array(z.string()).optional().meta({ description: 'links of the boot that may fail' })

function createRoute(server: Server, context: Context) {
  const body = z.strictObject({
    names: z.array(z.string()).min(1),
    domain: givenDomain,
    start: z.boolean().optional(),
    force,
  })
  const schema = {
    tags,
    summary: 'make new domains, each like `domain` with its own name',
    querystring: z.strictObject(changeQuery),
    body,
    response: changeAnswers,
  }
  server.post('/v1/domains', { schema }, async (request, reply) => {
    const { names, domain, start, force } = request.body
    await answerChange(context, request, reply, {
      kind: 'create',
      names,
      domain,
      ...(start !== undefined && { start }),
      ...(force && { force }),
    })
    return reply
  })
}

function startRoute(server: Server, context: Context) {
  const schema = {
    tags,
    summary: 'start a domain',
    params,
    querystring: z.strictObject(changeQuery),
    body: z
      .strictObject({
        force,
        waitSeconds: z
          .number()
          .positive()
          .max(86_400)
          .optional()
          .meta({ description: 'follow the boot until its init runs, for at most so long' }),
      })
      .nullish(),
    response: changeAnswers,
  }
  server.post('/v1/domains/:name/start', { schema, config: { role: 'operator' } }, async (request, reply) => {
    const { force, waitSeconds } = request.body ?? {}
    await answerChange(context, request, reply, {
      kind: 'start',
      name: request.params.name,
      ...(force && { force }),
      ...(waitSeconds !== undefined && { waitSeconds }),
    })
    return reply
  })
}

function migrateRoute(server: Server, context: Context) {
  const schema = {
    tags,
    summary: 'move a running domain to another host; with dryRun its preflight, every finding at once',
    params,
    querystring: z.strictObject(changeQuery),
    body: z.strictObject({
      host: z.string(),
      force: z.array(z.string()).optional().meta({ description: 'checks that may fail' }),
    }),
    response: changeAnswers,
  }
  server.post(
    '/v1/domains/:name/migrate',
    { schema, config: { role: 'operator' } },
    async (request, reply) => {
      const { host, force } = request.body
      const { name } = request.params
      await answerChange(context, request, reply, { kind: 'migrate', name, host, ...(force && { force }) })
      return reply
    },
  )
}

function lifecycleRoute(server: Server, context: Context, kind: 'stop' | 'reboot' | 'destroy' | 'repair') {
  const schema = {
    tags,
    summary: kind === 'repair' ? 'put right what a migration that broke has left' : `${kind} a domain`,
    params,
    querystring: z.strictObject(changeQuery),
    body: z.strictObject({}).nullish(),
    response: changeAnswers,
  }
  server.post(
    `/v1/domains/:name/${kind}`,
    { schema, config: { role: 'operator' } },
    async (request, reply) => {
      await answerChange(context, request, reply, { kind, name: request.params.name })
      return reply
    },
  )
}

function fenceRoute(server: Server, context: Context) {
  const lift = z.boolean().optional().meta({ description: 'let it reach its root again' })
  const schema = {
    tags,
    summary: 'cut a domain off from its root, running or not: its export goes until the fence is lifted',
    params,
    querystring: z.strictObject(changeQuery),
    body: z.strictObject({ lift }).nullish(),
    response: changeAnswers,
  }
  server.post('/v1/domains/:name/fence', { schema, config: { role: 'operator' } }, async (request, reply) => {
    const isLift = request.body?.lift === true
    await answerChange(context, request, reply, {
      kind: 'fence',
      name: request.params.name,
      ...(isLift && { lift: true }),
    })
    return reply
  })
}

function verifyRoutes(server: Server, { jobs }: Context) {
  const probe = flag('also look for other DHCP servers on the segment')
  const options = ({ probe }: { probe: boolean }) => (probe ? { probe } : {})
  const one = {
    tags,
    summary: 'check every link of a boot',
    params,
    querystring: z.strictObject({ probe }),
    response: { 200: verdict },
  }
  server.get('/v1/domains/:name/verify', { schema: one }, async (request) => {
    const [view] = await jobs.verify([request.params.name], options(request.query))
    return view
  })
  const many = {
    tags,
    summary: 'check every link of many boots; of all domains when none is named',
    querystring: z.strictObject({ probe, name: z.union([z.string(), z.array(z.string())]).optional() }),
    response: { 200: verdicts },
  }
  server.get('/v1/verify', { schema: many }, async (request) => {
    const { name } = request.query
    return jobs.verify(name === undefined ? 'all' : [name].flat(), options(request.query))
  })
}

function lookRoutes(server: Server, { jobs, templates }: Context) {
  const config = {
    tags,
    summary: 'its config, exactly as it would be written',
    params,
    querystring: z.strictObject({ as: z.enum(['xl', 'xm']).default('xl') }),
    produces: ['text/plain'],
    response: { 200: text },
  }
  server.get('/v1/domains/:name/config', { schema: config }, async (request, reply) => {
    const text = openRenderer(await jobs.inventory(), templates).domain(request.params.name, request.query.as)
    return reply.type('text/plain; charset=utf-8').send(text)
  })
  const boots = {
    tags,
    summary: 'what happened at its last boot, oldest first',
    params,
    response: { 200: timeline },
  }
  server.get('/v1/domains/:name/timeline', { schema: boots }, (request) => jobs.timeline(request.params.name))
}
