import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { siteDocument } from '../builders/site.ts'
import { domus, scratchFolder } from './run-domus.ts'

const SITE = siteDocument({
  servers: [{ name: 'filer', address: '38.99.2.7', kind: 'print' }],
  domains: [],
})

/** `domus serve` on a state folder; resolves when it says that it is ready. */
async function serve(data: string, options: readonly string[] = ['--no-dhcp']) {
  const child = spawn(process.execPath, ['src/domus.js', 'serve', ...options], {
    env: { ...process.env, DOMUS_DATA: data, DOMUS_SITE: 'test' },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const exited = once(child, 'exit')
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: Record<string, unknown>[] = []
  const ready = Promise.withResolvers<void>()
  createInterface({ input: child.stderr }).on('line', (line) => {
    const entry = line.startsWith('{') ? JSON.parse(line) : { msg: line }
    lines.push(entry)
    if (entry.msg === 'ready') ready.resolve()
  })
  const died = exited.then(([code]) =>
    Promise.reject(new Error(`the service ended with ${code}: ${JSON.stringify(lines)}`)),
  )
  await Promise.race([ready.promise, died])
  died.catch(() => undefined) // from here on it may end
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    const [code] = await exited
    return code as number | null
  }
  return { lines, end }
}

function getJson(data: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: join(data, 'domus.sock'), path }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => resolve(JSON.parse(text)))
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('with a service the command line does the same through it, and tells mistakes the same way', async () => {
  const [data, alone] = [scratchFolder(), scratchFolder()]
  const service = await serve(data)
  const apply = ['apply', '-f', '-', '--yes', '--json']
  const through = await domus(apply, { data, input: SITE })
  expect(through).toEqual(await domus(apply, { data: alone, input: SITE }))
  expect(through.exitCode).toBe(0)
  const get = ['get', 'networks', '--json']
  expect(await domus(get, { data })).toEqual(await domus(get, { data: alone }))
  const log = service.lines.map(({ msg }) => msg)
  expect(log).toContain('operation begun')
  const wrong = siteDocument({ networks: [{ name: 'lan', cidr: 'x' }], colours: [] })
  const refused = await domus(apply, { data, input: wrong })
  expect(refused.exitCode).toBe(2)
  expect(refused).toEqual(await domus(apply, { data: alone, input: wrong }))
})

test('after kill -9 the command line works alone, and the next service knows what it did', async () => {
  const data = scratchFolder()
  const killed = await serve(data)
  await killed.end('SIGKILL')
  expect(existsSync(join(data, 'domus.sock'))).toBe(true)
  const alone = await domus(['apply', '-f', '-', '--yes'], { data, input: SITE })
  expect(alone).toMatchObject({ exitCode: 0 })
  const next = await serve(data)
  expect(await getJson(data, '/v1/networks')).toMatchObject([{ name: 'lan' }])
  expect(await next.end('SIGTERM')).toBe(0)
})

test('a second service on the same socket is refused; a signal ends the first in order', async () => {
  const data = scratchFolder()
  const service = await serve(data)
  const second = await domus(['serve', '--no-dhcp'], { data })
  expect(second.exitCode).toBe(1)
  expect(second.stderr).toContain(`a service listens on ${join(data, 'domus.sock')} already`)
  expect(await getJson(data, '/readyz')).toEqual({ ready: true, checks: { store: 'ok' } })
  expect(await service.end('SIGINT')).toBe(0)
  expect(existsSync(join(data, 'domus.sock'))).toBe(false)
  expect(service.lines.at(-1)).toMatchObject({ signal: 'SIGINT' })
})

test('with DHCP it is ready, and follows what is applied', async () => {
  const data = scratchFolder()
  const service = await serve(data, [])
  const events = request({ socketPath: join(data, 'domus.sock'), path: '/v1/events' }).end()
  const [stream] = await once(events, 'response')
  const told = createInterface({ input: stream }).on('error', () => undefined)
  const network = Promise.withResolvers<string>()
  told.on('line', (line) => line.startsWith('data:') && line.includes('"network"') && network.resolve(line))
  await domus(['apply', '-f', '-', '--yes'], { data, input: SITE })
  // The book's server address is not this machine's: the responder says what it waits for.
  expect(await network.promise).toMatch(/"state":"waiting".*38\.99\.2\.7/)
  events.destroy()
  expect(await getJson(data, '/readyz')).toEqual({ ready: true, checks: { store: 'ok', dhcp: 'ok' } })
  expect(await service.end('SIGTERM')).toBe(0)
})

test('the printed unit runs this program with these settings', async () => {
  const { stdout, exitCode } = await domus(['serve', '--print-unit', '--no-dhcp'])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^ExecStart=\S+node \S+domus\.js serve --no-dhcp$/m)
})
