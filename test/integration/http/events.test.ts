import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listenOnSocket } from '../../../src/http/listen.ts'
import { openApi } from '../../builders/api.ts'

let folder: string
let api: Awaited<ReturnType<typeof openApi>>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'domus-events-'))
  api = await openApi()
  await listenOnSocket(api.server, join(folder, 'domus.sock'))
})

afterEach(async () => {
  await api.server.close()
  rmSync(folder, { recursive: true })
})

/** Watches; `next` gives the events of the stream one by one. */
async function watch(path = '/v1/events', headers: Record<string, string> = {}, name = 'domus.sock') {
  const asked = request({ socketPath: join(folder, name), path, headers })
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.setEncoding('utf8')
  const events = eventsOf(answer)
  // The first thing sent is a comment: from now on nothing is missed.
  await events.next()
  const next = async () => (await events.next()).value
  return { answer, next, stop: () => asked.destroy() }
}

async function* eventsOf(answer: IncomingMessage): AsyncGenerator<Record<string, unknown>> {
  let text = ''
  for await (const chunk of answer) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      yield { id: field('id'), event: field('event'), data: JSON.parse(field('data') ?? 'null') }
    }
  }
}

test('whoever watches sees what happens', async () => {
  const { answer, next, stop } = await watch()
  expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8')
  api.events.publish('dhcp', { result: 'offer' })
  expect(await next()).toEqual({
    id: '1',
    event: 'dhcp',
    data: { at: '2026-11-23T06:00:00.000Z', result: 'offer' },
  })
  stop()
})

test('an operation is told from begin to end', async () => {
  api.jobs.script = { lines: ['one'] }
  const { next, stop } = await watch()
  await api.ask('POST /v1/domains/menas/stop')
  const told = [await next(), await next(), await next()]
  expect(told).toMatchObject([
    { event: 'operation-begun', data: { operation: '1', title: 'stop domain menas' } },
    { event: 'operation-step', data: { operation: '1', line: 'one' } },
    { event: 'operation-finished', data: { operation: '1', outcome: 'done' } },
  ])
  stop()
})

test('the events of one operation are told from its beginning, and no others', async () => {
  await api.ask('POST /v1/domains/menas/stop')
  await api.ask('POST /v1/domains/menas/start')
  const { next, stop } = await watch('/v1/events?operation=2')
  expect(await next()).toMatchObject({ event: 'operation-begun', data: { title: 'start domain menas' } })
  expect(await next()).toMatchObject({ event: 'operation-finished' })
  stop()
})

test('a connection that broke goes on where it was', async () => {
  for (const line of ['one', 'two', 'three']) api.events.publish('boot', { line })
  const { next, stop } = await watch('/v1/events', { 'last-event-id': '1' })
  expect([await next(), await next()]).toMatchObject([{ id: '2' }, { id: '3', data: { line: 'three' } }])
  stop()
})

test('nobody is kept who went away', async () => {
  const before = api.events.listeners
  const connected = once(api.server.server, 'connection')
  const { stop } = await watch()
  const [connection] = await connected
  expect(api.events.listeners).toBe(before + 1)
  const closed = once(connection, 'close')
  stop()
  await closed
  await new Promise(setImmediate)
  expect(api.events.listeners).toBe(before)
})

test('DHCP packets are told as they come, as long as somebody watches', async () => {
  let listener: ((packet: unknown) => void) | undefined
  const other = await openApi({
    watchDhcp(one) {
      listener = one
      return () => {
        listener = undefined
      }
    },
  })
  await listenOnSocket(other.server, join(folder, 'other.sock'))
  const { next } = await watch('/v1/dhcp/packets', {}, 'other.sock')
  listener?.({ kind: 'packet', type: 'DISCOVER' })
  expect(await next()).toMatchObject({ data: { kind: 'packet', type: 'DISCOVER' } })
  await other.server.close()
  expect(listener).toBeUndefined()
})

test('asking for the head of a stream opens none', async () => {
  const before = api.events.listeners
  expect((await api.ask('HEAD /v1/events')).status).toBe(404)
  expect((await api.ask('HEAD /v1/domains')).status).toBe(200)
  expect(api.events.listeners).toBe(before)
})

test('a service that answers no DHCP has no packets to show', async () => {
  expect(await api.ask('/v1/dhcp/packets')).toMatchObject({ status: 422, body: { code: 'refused' } })
})

test('a service that ends ends the streams', async () => {
  const { next } = await watch()
  const last = next()
  await api.server.close()
  expect(await last).toBeUndefined()
})
