import { createHash, timingSafeEqual } from 'node:crypto'
import type { Server as HttpServer, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Settings } from '../config.ts'
import { DomusError } from '../errors.ts'
import type { Server } from './context.ts'

export type Role = Settings['tokens'][number]['role']

/** Who asks, and what he may. */
export interface Caller {
  /** For the journal. */
  readonly who: string
  readonly role: Role
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
  interface FastifyContextConfig {
    /** The least role that may use a route; when absent viewer for GET and HEAD, else admin. */
    role?: Role | 'anybody'
  }
}

const RANK: Record<Role | 'anybody', number> = { anybody: 0, viewer: 1, operator: 2, admin: 3 }
const READING = new Set(['GET', 'HEAD'])

/**
 * Lets each request do what its caller may.
 *
 * The unix socket's file mode is its login: whoever can open it is an administrator. Everybody else shows a
 * token.
 */
export function requireLogin(server: Server, tokens: Settings['tokens']): void {
  const local = localSockets(server.server)
  const known = tokens.map(({ token, role, who }) => ({ hash: hashOf(token), role, who }))
  server.decorateRequest('caller', null as unknown as Caller) // set by the hook, before any handler sees it
  server.addHook('onRequest', async (request, reply) => {
    const needed = request.routeOptions.config?.role ?? (READING.has(request.method) ? 'viewer' : 'admin')
    const caller = local.has(request.raw.socket)
      ? { who: userOf(request.raw), role: 'admin' as const }
      : callerOf(request.headers.authorization, known)
    request.caller = caller ?? { who: 'nobody', role: 'viewer' }
    if (needed === 'anybody') return
    if (caller === undefined) {
      reply.header('www-authenticate', 'Bearer')
      throw new DomusError('unauthorized', 'a token is needed: send authorization: Bearer TOKEN')
    }
    if (RANK[caller.role] < RANK[needed])
      throw new DomusError('forbidden', `${caller.who} is ${caller.role}; this needs ${needed}`)
  })
}

/**
 * The connections of the unix socket. They are told by the server that took them: a closed TCP connection has
 * no remote address either.
 */
function localSockets(server: HttpServer): { has(socket: Socket): boolean } {
  const sockets = new WeakSet<Socket>()
  server.on('connection', (socket: Socket) => {
    if (typeof server.address() === 'string') sockets.add(socket)
  })
  return sockets
}

function callerOf(
  authorization: string | undefined,
  known: readonly { hash: Buffer; role: Role; who: string }[],
): Caller | undefined {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  if (token === undefined) return undefined
  const hash = hashOf(token)
  // All are compared, in constant time, so that the time tells nothing.
  const [found] = known.filter((one) => timingSafeEqual(one.hash, hash))
  return found && { who: found.who, role: found.role }
}

const hashOf = (token: string) => createHash('sha256').update(token).digest()

/** The header in which a program of ours says its user; an administrator's word, for the journal only. */
export const USER_HEADER = 'domus-user'

function userOf({ headers }: IncomingMessage): string {
  const user = headers[USER_HEADER]
  return typeof user === 'string' && /^[a-z_][a-z0-9_.-]{0,31}\$?$/i.test(user) ? user : 'socket'
}
