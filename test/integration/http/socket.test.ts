import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { Agent, request as requestTls } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listenOnSocket, listenOnTcp } from '../../../src/http/listen.ts'
import { openApi, TOKENS } from '../../builders/api.ts'

let folder: string
let socket: string
const open: { close(): unknown }[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'domus-http-'))
  socket = join(folder, 'domus.sock')
})

afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  rmSync(folder, { recursive: true })
})

async function serveApi() {
  const api = await openApi()
  open.push({ close: () => api.server.close() })
  return api
}

const ask = (options: object, send: typeof request | typeof requestTls = request) =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = send(options, (answer) => {
      let text = ''
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    asked.on('error', reject)
    asked.end()
  })

test('the socket is for its owner and group', async () => {
  const { server } = await serveApi()
  await listenOnSocket(server, socket)
  expect(statSync(socket).mode & 0o777).toBe(0o660)
})

test('whoever may open the socket needs no token', async () => {
  const { server } = await serveApi()
  await listenOnSocket(server, socket)
  expect(await ask({ socketPath: socket, path: '/v1/domains' })).toMatchObject({ status: 200 })
})

test('a change over the socket is journaled under the name of its user', async () => {
  const { server, jobs } = await serveApi()
  await listenOnSocket(server, socket)
  const stop = { socketPath: socket, method: 'POST', path: '/v1/domains/menas/stop' }
  await ask({ ...stop, headers: { 'domus-user': 'ada' } })
  await ask({ ...stop, headers: { 'domus-user': 'a b\u00e9' } })
  await ask(stop)
  expect(jobs.asked.map(({ who }) => who)).toEqual(['ada', 'socket', 'socket'])
})

test('the socket of a service that was killed is replaced', async () => {
  const program = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`
  expect(spawnSync(process.execPath, ['-e', program]).signal).toBe('SIGKILL')
  expect(statSync(socket).isSocket()).toBe(true)
  const { server } = await serveApi()
  await listenOnSocket(server, socket)
  expect(await ask({ socketPath: socket, path: '/healthz' })).toMatchObject({ status: 200 })
})

test('the socket of a living service is left alone', async () => {
  const other = createServer().listen(socket)
  open.push(other)
  await once(other, 'listening')
  const { server } = await serveApi()
  await expect(listenOnSocket(server, socket)).rejects.toMatchObject({
    code: 'busy',
    message: expect.stringContaining(socket),
  })
  expect(existsSync(socket)).toBe(true)
})

test('of services that start at once one gets the socket of a dead one', async () => {
  const program = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`
  expect(spawnSync(process.execPath, ['-e', program]).signal).toBe('SIGKILL')
  const starts = Array.from({ length: 6 }, () => startService(socket))
  const results = await Promise.all(starts.map(({ result }) => result))
  expect(results.toSorted()).toEqual(['busy', 'busy', 'busy', 'busy', 'busy', 'listening'])
  expect(await ask({ socketPath: socket, path: '/' })).toMatchObject({ status: 200 })
  await Promise.all(starts.map(({ end }) => end()))
  expect(readdirSync(folder)).toEqual([])
})

/** A process of its own that listens on the socket with our code, until it is ended. */
function startService(path: string) {
  const listen = join(import.meta.dirname, '../../../src/http/listen.ts')
  const program = `
    import { createServer } from 'node:http'
    import { listenOnSocket } from ${JSON.stringify(listen)}
    const server = createServer((request, response) => response.end('{}'))
    const listening = ({ path }) => new Promise((resolve) => server.listen(path, resolve))
    const say = (text) => process.stdout.write(text)
    await listenOnSocket({ server, listen: listening }, ${JSON.stringify(path)}).then(
      () => say('listening'),
      (error) => { say(error.code); process.exit() },
    )
    process.on('SIGTERM', () => { server.close(); server.closeAllConnections() })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  return {
    result: once(child.stdout, 'data').then(([text]) => String(text)),
    async end() {
      child.kill()
      await exited
    },
  }
}

test('a file that is no socket is left alone', async () => {
  writeFileSync(socket, 'a letter')
  const { server } = await serveApi()
  await expect(listenOnSocket(server, socket)).rejects.toMatchObject({ code: 'conflict' })
  expect(statSync(socket).size).toBe(8)
})

test('a path that is too long for a socket is refused with its length', async () => {
  const { server } = await serveApi()
  await expect(listenOnSocket(server, join(folder, 'x'.repeat(100)))).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('at most 107 bytes'),
  })
})

test('the socket is gone when the service has ended', async () => {
  const { server } = await openApi()
  await listenOnSocket(server, socket)
  await server.close()
  expect(existsSync(socket)).toBe(false)
})

test('over TCP the same routes need a token', async () => {
  const { server } = await serveApi()
  await listenOnSocket(server, socket)
  const door = await listenOnTcp(server, {
    listen: '127.0.0.1:0',
    tokens: [{ token: TOKENS.admin, role: 'admin', who: 'ada' }],
  })
  open.push({ close: () => door?.close() })
  const there = { host: '127.0.0.1', port: door?.address.port, path: '/v1/domains' }
  expect(await ask(there)).toMatchObject({ status: 401 })
  const headers = { authorization: `Bearer ${TOKENS.admin}` }
  expect(await ask({ ...there, headers })).toMatchObject({ status: 200 })
})

test('TCP without tokens is refused', async () => {
  const { server } = await serveApi()
  await expect(listenOnTcp(server, { listen: '127.0.0.1:0', tokens: [] })).rejects.toMatchObject({
    code: 'invalid-input',
  })
})

test('an address that is taken is told', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  open.push(taken)
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const { server } = await serveApi()
  const tokens = [{ token: TOKENS.admin, role: 'admin' as const, who: 'ada' }]
  await expect(listenOnTcp(server, { listen: `127.0.0.1:${port}`, tokens })).rejects.toMatchObject({
    code: 'busy',
    message: expect.stringContaining(String(port)),
  })
})

const fixture = (name: string) => join(import.meta.dirname, '../../fixtures/http', name)

test('with a certificate the second door speaks TLS, and only TLS', async () => {
  const { server } = await serveApi()
  const tokens = [{ token: TOKENS.admin, role: 'admin' as const, who: 'ada' }]
  const tls = { cert: fixture('cert.pem'), key: fixture('key.pem') }
  const door = await listenOnTcp(server, { listen: '127.0.0.1:0', tokens, tls })
  open.push({ close: () => door?.close() })
  const there = { host: '127.0.0.1', port: door?.address.port, path: '/healthz' }
  const secure = { ...there, protocol: 'https:', ca: readFileSync(tls.cert), agent: new Agent() }
  expect(await ask(secure, requestTls)).toMatchObject({ status: 200 })
  await expect(ask(there)).rejects.toThrow()
})

test('a certificate that cannot be used is named', async () => {
  const cert = join(folder, 'cert.pem')
  writeFileSync(cert, 'no certificate')
  const { server } = await serveApi()
  const tokens = [{ token: TOKENS.admin, role: 'admin' as const, who: 'ada' }]
  const tls = { cert, key: fixture('key.pem') }
  await expect(listenOnTcp(server, { listen: '127.0.0.1:0', tokens, tls })).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining(cert),
  })
})
