import { z } from 'zod'
import { DomusError } from '../errors.ts'
import type { Context, Server } from './context.ts'
import type { ServiceEvent } from './event-hub.ts'
import { text } from './schemas.ts'
import { streamEvents } from './stream.ts'

/** An answer that never ends has no head to ask for alone. */
const endless = { exposeHeadRoute: false } as const

/** What happens, as it happens: server-sent events. */
export function eventRoutes(server: Server, context: Context): void {
  eventsRoute(server, context)
  packetsRoute(server, context)
}

function eventsRoute(server: Server, { events, closing }: Context) {
  const schema = {
    tags: ['events'],
    summary: 'what happens, as it happens: server-sent events',
    querystring: z.strictObject({
      operation: z
        .string()
        .optional()
        .meta({ description: 'only the events of this operation, all of them' }),
    }),
    headers: z.object({ 'last-event-id': z.string().optional() }),
    produces: ['text/event-stream'],
    response: { 200: text },
  }
  server.get('/v1/events', { schema, ...endless }, (request, reply) => {
    const { operation } = request.query
    const last = Number(request.headers['last-event-id'] ?? (operation === undefined ? Number.NaN : 0))
    const isWanted = ({ data }: ServiceEvent) => operation === undefined || data.operation === operation
    const stream = streamEvents(reply, closing, (send) => {
      for (const event of Number.isInteger(last) ? events.since(last) : [])
        if (isWanted(event)) send(formatEvent(event))
      return events.subscribe((event) => {
        if (isWanted(event)) send(formatEvent(event))
      })
    })
    return reply.send(stream)
  })
}

const formatEvent = ({ id, type, at, data }: ServiceEvent) =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ at, ...data })}\n\n`

function packetsRoute(server: Server, { watchDhcp, closing }: Context) {
  const schema = {
    tags: ['events'],
    summary: 'DHCP packets and what was answered, as they come: server-sent events',
    produces: ['text/event-stream'],
    response: { 200: text },
  }
  server.get('/v1/dhcp/packets', { schema, ...endless }, (_request, reply) => {
    if (watchDhcp === undefined) throw new DomusError('refused', 'this service does not answer DHCP')
    const stream = streamEvents(reply, closing, (send) =>
      watchDhcp((packet) => send(`data: ${JSON.stringify(packet)}\n\n`)),
    )
    return reply.send(stream)
  })
}
