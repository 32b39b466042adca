import { pino } from 'pino'
import type { ServerOptions } from '../../src/http/context.ts'
import { openEventHub } from '../../src/http/event-hub.ts'
import { buildServer } from '../../src/http/server.ts'
import { FakeJobs } from '../fakes/fake-jobs.ts'
import { templatesWith } from './templates.ts'

export const TOKENS = {
  viewer: 'viewer-viewer-viewer-1',
  operator: 'operator-operator-op-2',
  admin: 'admin-admin-admin-ad-3',
} as const

export type AskedAs = keyof typeof TOKENS | 'nobody'

/** The API over {@link FakeJobs}, asked without a socket. */
export async function openApi(over: Partial<ServerOptions> = {}) {
  const jobs = new FakeJobs()
  const events = openEventHub(() => new Date('2026-11-23T06:00:00Z'))
  const built = await buildServer({
    jobs,
    settings: {
      tokens: (['viewer', 'operator', 'admin'] as const).map((role) => ({
        role,
        token: TOKENS[role],
        who: `the-${role}`,
      })),
    },
    templates: templatesWith(),
    log: pino({ level: 'silent' }),
    events,
    version: '1.2.3',
    ...over,
  })
  /** Asks as the admin, when nobody else is named. */
  const ask = async (
    address: string,
    {
      body,
      as = 'admin',
      headers = {},
    }: { body?: unknown; as?: AskedAs; headers?: Record<string, string> } = {},
  ) => {
    const [method = 'GET', url = ''] = address.includes(' ') ? address.split(' ') : ['GET', address]
    const isText = typeof body === 'string'
    const answer = await built.server.inject({
      method: method as 'GET',
      url,
      headers: { ...(as !== 'nobody' && { authorization: `Bearer ${TOKENS[as]}` }), ...headers },
      ...(body !== undefined && { payload: isText ? body : (body as object) }),
    })
    const isJson = answer.payload !== '' && String(answer.headers['content-type']).includes('json')
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.payload,
      body: isJson ? answer.json() : undefined,
    }
  }
  return { ...built, jobs, events, ask }
}
