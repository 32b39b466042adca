import { PassThrough } from 'node:stream'
import { z } from 'zod'
import type { Context, Server } from './context.ts'
import type { ServiceEvent } from './event-hub.ts'
import { text } from './schemas.ts'

const ALIVE_EVERY_MS = 15_000 // a comment, so that proxies and dead connections are told apart
const MOST_BUFFERED = 1024 * 1024 // bytes; a watcher that does not read is let go

/** `GET /v1/events`: what happens, as it happens (server-sent events). */
export function eventRoutes(server: Server, { events, closing }: Context): void {
  const schema = {
    tags: ['events'],
    summary: 'what happens, as it happens: server-sent events',
    querystring: z.strictObject({
      operation: z.string().optional().meta({ description: 'only the events of this operation' }),
    }),
    headers: z.object({ 'last-event-id': z.string().optional() }),
    produces: ['text/event-stream'],
    response: { 200: text },
  }
  server.get('/v1/events', { schema }, (request, reply) => {
    const { operation } = request.query
    const stream = new PassThrough()
    const send = (event: ServiceEvent) => {
      if (operation !== undefined && event.data.operation !== operation) return
      stream.write(formatEvent(event))
      if (stream.writableLength > MOST_BUFFERED) stream.destroy()
    }
    const unsubscribe = events.subscribe(send)
    const alive = setInterval(() => stream.write(': alive\n\n'), ALIVE_EVERY_MS)
    const end = () => stream.end()
    closing.addEventListener('abort', end)
    stream.on('close', () => {
      clearInterval(alive)
      unsubscribe()
      closing.removeEventListener('abort', end)
    })
    stream.write(': events of domus\n\n')
    const last = Number(request.headers['last-event-id'])
    // An operation that is asked for by id is told from its beginning.
    const from = operation === undefined ? last : last || 0
    if (Number.isInteger(from)) for (const event of events.since(from)) send(event)
    return reply.type('text/event-stream; charset=utf-8').header('cache-control', 'no-store').send(stream)
  })
}

const formatEvent = ({ id, type, at, data }: ServiceEvent) =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ at, ...data })}\n\n`
