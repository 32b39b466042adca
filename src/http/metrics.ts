import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Context, Server, ServerOptions } from './context.ts'

/** A counter of the DHCP responder: `type` as DISCOVER or BOOTP, `result` as offer, ack, nak or why nothing was sent. */
export interface DhcpCount {
  readonly type: string
  readonly result: string
  readonly count: number
}

/** `GET /metrics` for Prometheus. Units are base units; no label holds a name, a MAC or an address. */
export function metricRoutes(server: Server, context: Context): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'domus_' })
  countRequests(server, registry)
  countOperations(context, registry)
  if (context.resourceCounts !== undefined) gaugeResources(context.resourceCounts, registry)
  if (context.claimBreaches !== undefined) gaugeBreaches(context.claimBreaches, registry)
  if (context.dhcpStats !== undefined) countDhcp(context.dhcpStats, registry)
  new Gauge({ name: 'domus_build_info', help: 'version', labelNames: ['version'], registers: [registry] })
    .labels(context.version)
    .set(1)
  server.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
}

function countRequests(server: Server, registry: Registry) {
  const seconds = new Histogram({
    name: 'domus_http_request_seconds',
    help: 'time to the end of the answer; waiting and streaming included',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.05, 0.5, 5, 50],
    registers: [registry],
  })
  server.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    seconds.labels(request.method, route, String(reply.statusCode)).observe(reply.elapsedTime / 1000)
  })
}

function countOperations({ events }: Context, registry: Registry) {
  const operations = new Counter({
    name: 'domus_operations_total',
    help: 'operations that this process has ended, by outcome',
    labelNames: ['outcome'],
    registers: [registry],
  })
  for (const outcome of ['done', 'rolled-back', 'stuck', 'failed']) operations.labels(outcome).inc(0)
  events.subscribe(({ type, data }) => {
    if (type === 'operation-finished') operations.labels(String(data.outcome)).inc()
  })
  new Gauge({
    name: 'domus_event_watchers',
    help: 'open event streams',
    registers: [registry],
    collect() {
      this.set(Math.max(0, events.listeners - 1)) // one of them is the counter above
    },
  })
}

function gaugeResources(counts: NonNullable<ServerOptions['resourceCounts']>, registry: Registry) {
  new Gauge({
    name: 'domus_resources',
    help: 'what is recorded, by noun',
    labelNames: ['noun'],
    registers: [registry],
    collect() {
      for (const [noun, count] of Object.entries(counts())) this.labels(noun).set(count)
    },
  })
}

function gaugeBreaches(count: NonNullable<ServerOptions['claimBreaches']>, registry: Registry) {
  new Gauge({
    name: 'domus_claim_breaches',
    help: 'domUs that run on a root of another, such as one started by hand',
    registers: [registry],
    collect() {
      this.set(count())
    },
  })
}

/** The responder counts by itself, perhaps in another thread; what it says is taken as it is at each scrape. */
function countDhcp(stats: NonNullable<ServerOptions['dhcpStats']>, registry: Registry) {
  new Counter({
    name: 'domus_dhcp_messages_total',
    help: 'messages of DHCP and BOOTP clients, by what became of them',
    labelNames: ['type', 'result'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { type, result, count } of stats()) this.labels(type, result).inc(count)
    },
  })
}
