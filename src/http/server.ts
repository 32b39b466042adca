import type { ZodTypeProvider } from '@fastify/type-provider-zod'
import Fastify, { type FastifyReply, LogController } from 'fastify'
import { DomusError, problemJson } from '../errors.ts'
import type { Context, Server, ServerOptions } from './context.ts'
import { domainRoutes } from './domains.ts'
import { eventRoutes } from './events.ts'
import { healthRoutes } from './health.ts'
import { requireLogin } from './login.ts'
import { metricRoutes } from './metrics.ts'
import { describeRoutes, openapiRoute } from './openapi.ts'
import { operationRoutes } from './operations.ts'
import { answerProblems } from './problems.ts'
import { resourceRoutes } from './resources.ts'
import { openRuns } from './runs.ts'
import { siteRoutes } from './site.ts'

/** THE LIST: what the API has. */
const routes = [
  siteRoutes,
  resourceRoutes,
  domainRoutes,
  operationRoutes,
  eventRoutes,
  healthRoutes,
  metricRoutes,
  openapiRoute,
]

const LARGEST_BODY = 64 * 1024 * 1024 // bytes: a site document of 100 000 domains

/** The server with what ends it. */
export interface BuiltServer {
  readonly server: Server
  /** Refuses new changes and resolves when those that go on have ended. */
  drain(): Promise<void>
}

/** Builds the API; it listens nowhere yet (listen.ts). */
export async function buildServer(options: ServerOptions): Promise<BuiltServer> {
  const server: Server = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: LARGEST_BODY,
    routerOptions: { maxParamLength: 4096 }, // names that are too long are told by the grammar
    frameworkErrors: (error, _request, reply) => {
      const problem = problemJson(new DomusError('invalid-input', error.message))
      const plain = reply as unknown as FastifyReply // no schema of a route here
      void plain.code(problem.status).type('application/problem+json').send(problem)
    },
    forceCloseConnections: 'idle',
  }).withTypeProvider<ZodTypeProvider>()
  const closing = new AbortController()
  const runs = openRuns(options.jobs, options.events)
  const context: Context = { ...options, runs, closing: closing.signal }
  requireLogin(server, options.settings.tokens)
  answerProblems(server)
  takeEmptyJson(server)
  logRequests(server)
  server.addHook('preClose', async () => closing.abort())
  await describeRoutes(server, options.version)
  for (const add of routes) add(server, context)
  await server.ready()
  return { server, drain: () => runs.drain() }
}

/** Many clients say JSON of every request, also of one without a body. */
function takeEmptyJson(server: Server) {
  const parse = server.getDefaultJsonParser('error', 'error')
  server.removeContentTypeParser('application/json')
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text === '') done(null, undefined)
    else void parse(request, String(text), done)
  })
}

function logRequests(server: Server) {
  server.addHook('onResponse', async (request, reply) => {
    const { method, url, caller } = request
    request.log.debug(
      { method, url, status: reply.statusCode, who: caller?.who, ms: reply.elapsedTime },
      'request',
    )
  })
}
