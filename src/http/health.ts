import { z } from 'zod'
import type { Context, Server } from './context.ts'

/** `GET /healthz`: the process answers. `GET /readyz`: all its parts work; 503 and which one when not. */
export function healthRoutes(server: Server, { health, version }: Context): void {
  const open = { config: { role: 'anybody' } } as const
  const alive = { tags: ['health'], summary: 'the service answers', response: { 200: answer } }
  server.get('/healthz', { ...open, schema: alive }, () => ({ status: 'ok', version }))
  const ready = { tags: ['health'], summary: 'all its parts work', response: { 200: checks, 503: checks } }
  server.get('/readyz', { ...open, schema: ready }, async (_request, reply) => {
    const found = (await health?.()) ?? {}
    const isReady = Object.values(found).every((state) => state === 'ok')
    return reply.code(isReady ? 200 : 503).send({ ready: isReady, checks: found })
  })
}

const answer = z.object({ status: z.string(), version: z.string() })
const checks = z.object({ ready: z.boolean(), checks: z.record(z.string(), z.string()) })
