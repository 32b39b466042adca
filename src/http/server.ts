import type { ZodTypeProvider } from '@fastify/type-provider-zod'
import Fastify, { LogController } from 'fastify'
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
    forceCloseConnections: 'idle',
  }).withTypeProvider<ZodTypeProvider>()
  const closing = new AbortController()
  const runs = openRuns(options.jobs, options.events)
  const context: Context = { ...options, runs, closing: closing.signal }
  requireLogin(server, options.settings.tokens)
  answerProblems(server)
  logRequests(server)
  server.addHook('preClose', async () => closing.abort())
  await describeRoutes(server, options.version)
  for (const add of routes) add(server, context)
  await server.ready()
  return { server, drain: () => runs.drain() }
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
