import type { Agent, IncomingMessage } from 'node:http'
import { DomusError, ERRORS, type ErrorCode } from '../errors.ts'
import type { Problem } from '../model/problem.ts'

/** One request to the service. */
export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON when present. */
  readonly body?: unknown
  /** Gives up after so long without a byte, in milliseconds; never when absent. */
  readonly timeoutMs?: number
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** The service's API over its unix socket. */
export interface SocketClient {
  /** @throws DomusError as the service threw it; the system's own error when the service cannot be reached */
  call(call: Call): Promise<Answer>
  close(): void
}

/** Opens a client that says `user` to the service; connects with the first call. */
export function openSocketClient(socketPath: string, user: string): SocketClient {
  // As an ES module it would load fetch and WebSocket, too: 40 ms instead of 4.
  const { Agent, request } = process.getBuiltinModule('node:http')
  const agent: Agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const send = ({ method, path, query = {}, headers = {}, body, timeoutMs }: Call) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const json = body === undefined ? undefined : JSON.stringify(body)
      const outgoing = request(
        {
          socketPath,
          agent,
          method,
          path: `${path}${queryText(query)}`,
          headers: {
            ...headers,
            'domus-user': user,
            ...(json !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(json),
            }),
          },
          ...(timeoutMs !== undefined && { timeout: timeoutMs }),
        },
        resolve,
      )
      outgoing.on('timeout', () => outgoing.destroy(timeoutFault(socketPath, method, path)))
      outgoing.on('error', reject)
      outgoing.end(json)
    })
  return {
    async call(call) {
      const answer = await read(await send(call))
      if (answer.status >= 400) throw errorOf(answer.body, `${call.method} ${call.path}: ${answer.status}`)
      return answer
    },
    close: () => agent.destroy(),
  }
}

const timeoutFault = (socketPath: string, method: string, path: string) =>
  new DomusError(
    'unreachable',
    `the service on ${socketPath} does not answer ${method} ${path}; look at it, or end it to work without it`,
  )

function queryText(query: NonNullable<Call['query']>): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [value].flat().map((one): [string, string] => [key, one]),
  )
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`
}

async function read(incoming: IncomingMessage): Promise<Answer> {
  incoming.setEncoding('utf8')
  let text = ''
  for await (const chunk of incoming) text += chunk
  const isJson = /[/+]json/.test(incoming.headers['content-type'] ?? '')
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: isJson ? JSON.parse(text) : text,
  }
}

/** The error that a problem document tells of. */
export function errorOf(problem: unknown, what: string): DomusError {
  const { code, detail, errors } = (problem ?? {}) as {
    code?: string
    detail?: string
    errors?: Problem[]
  }
  if (code === undefined || !(code in ERRORS))
    return new DomusError('internal', `the service answers ${what}`)
  return new DomusError(code as ErrorCode, detail ?? what, { problems: errors ?? [] })
}
