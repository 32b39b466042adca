import { once } from 'node:events'
import { linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { remoteJobs } from '../../../src/cli/remote.ts'
import { DomusError } from '../../../src/errors.ts'
import { listenOnSocket } from '../../../src/http/listen.ts'
import { NOUNS } from '../../../src/model/inventory.ts'
import type { ChangeRequest, Jobs } from '../../../src/service/jobs.ts'
import { openApi } from '../../builders/api.ts'
import { domainDocument, siteDocument } from '../../builders/site.ts'
import { FakeJobs } from '../../fakes/fake-jobs.ts'

let folder: string
let socket: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'domus-remote-'))
  socket = join(folder, 'domus.sock')
})

afterEach(() => rmSync(folder, { recursive: true }))

/** A service on the socket with a client of it, and the jobs that the service has. */
async function serveAndConnect() {
  const api = await openApi()
  await listenOnSocket(api.server, socket)
  const remote = await remoteJobs(socket)
  if (remote === undefined) throw new Error('the service does not answer')
  const close = async () => {
    await remote.close()
    await api.server.close()
  }
  return { ...api, remote, close, [Symbol.asyncDispose]: close }
}

const CHANGES: readonly ChangeRequest[] = [
  { kind: 'apply', document: siteDocument() },
  { kind: 'apply', document: { domains: 7 }, prune: true, exports: 'overwrite' },
  { kind: 'apply', document: null },
  {
    kind: 'apply',
    document: { domains: [domainDocument()] },
    expect: { noun: 'domains', name: 'menas', tags: 'any' },
  },
  {
    kind: 'apply',
    document: { domains: [domainDocument({ name: 'new' })] },
    expect: { noun: 'domains', name: 'new', tags: [] },
  },
  {
    kind: 'create',
    names: ['a', 'b'],
    domain: { image: 'slack', host: 'h1' },
    start: true,
    force: ['kernel'],
  },
  { kind: 'delete', noun: 'domains', name: 'menas' },
  { kind: 'delete', noun: 'domains', name: 'menas', expect: { noun: 'domains', name: 'menas', tags: 'any' } },
  { kind: 'start', name: 'menas' },
  { kind: 'start', name: 'menas', force: ['dhcp', 'kernel'], waitSeconds: 12.5 },
  { kind: 'stop', name: 'menas' },
  { kind: 'reboot', name: 'menas' },
  { kind: 'destroy', name: 'menas' },
  { kind: 'fence', name: 'menas' },
  { kind: 'fence', name: 'menas', lift: true },
]

describe('the service and this process give the same results', () => {
  const looks: [string, (jobs: Jobs) => Promise<unknown>][] = [
    ['inventory', (jobs) => jobs.inventory()],
    ...NOUNS.map((noun): [string, (jobs: Jobs) => Promise<unknown>] => [
      `list ${noun}`,
      (jobs) => jobs.list(noun),
    ]),
    ['operations', (jobs) => jobs.operations()],
    ['operation', (jobs) => jobs.operation('1')],
    ['settle', (jobs) => jobs.settle('1')],
    ['timeline', (jobs) => jobs.timeline('menas')],
    ['verify all', (jobs) => jobs.verify('all')],
    ['verify one', (jobs) => jobs.verify(['menas'], { probe: true })],
    ['verify none', (jobs) => jobs.verify([])],
  ]

  test.each(looks)('%s', async (_name, look) => {
    await using service = await serveAndConnect()
    await service.jobs.run({ kind: 'stop', name: 'menas' })
    expect(await look(service.remote)).toEqual(await look(service.jobs))
  })

  test.each(CHANGES)('plan of $kind', async (change) => {
    await using service = await serveAndConnect()
    expect(await service.remote.plan(change)).toEqual(await new FakeJobs().plan(change))
    expect(service.jobs.asked).toEqual([{ what: 'plan', request: change }])
  })

  test.each(CHANGES)('run of $kind', async (change) => {
    await using service = await serveAndConnect()
    expect(await service.remote.run(change)).toEqual(await new FakeJobs().run(change))
    expect(service.jobs.asked).toEqual([{ what: 'run', request: change, who: userInfo().username }])
  })

  test('a run with nothing to do', async () => {
    await using service = await serveAndConnect()
    const local = new FakeJobs()
    local.script = service.jobs.script = { idle: true }
    const request: ChangeRequest = { kind: 'stop', name: 'menas' }
    expect(await service.remote.run(request)).toEqual(await local.run(request))
  })

  test('what is told while it runs', async () => {
    await using service = await serveAndConnect()
    service.jobs.script = { lines: ['one', 'two', 'three'] }
    const told: string[] = []
    const begun = (id: string) => void told.push(`begun ${id}`)
    await service.remote.run({ kind: 'stop', name: 'menas' }, { begun, step: (line) => void told.push(line) })
    expect(told).toEqual(['begun 1', 'one', 'two', 'three'])
  })

  test.each([
    ['before it begins', 'refuse'],
    ['after it began', 'fail'],
  ])('an error thrown %s', async (_when, how) => {
    await using service = await serveAndConnect()
    const problems = [{ path: 'domains/menas/image', message: 'is used' }]
    const error = new DomusError('conflict', 'cannot', { problems, cause: new Error('the disk is full') })
    service.jobs.script = { [how]: error }
    await expect(service.remote.run({ kind: 'stop', name: 'menas' })).rejects.toMatchObject({
      name: 'DomusError',
      code: 'conflict',
      message: 'cannot: the disk is full',
      problems,
    })
  })

  test('an error of a look', async () => {
    await using service = await serveAndConnect()
    await expect(service.remote.operation('77')).rejects.toMatchObject({
      code: 'not-found',
      message: 'no operation 77',
    })
  })
})

test('a long operation is followed as it goes', async () => {
  await using service = await serveAndConnect()
  const { promise, resolve } = Promise.withResolvers<void>()
  service.jobs.script = {
    lines: ['one', 'two'],
    hold: promise,
    view: { outcome: 'rolled-back', error: 'no' },
  }
  const told: string[] = []
  const view = await service.remote.run(
    { kind: 'stop', name: 'menas' },
    {
      step(line) {
        told.push(line)
        resolve() // the second line cannot come before the first was told
      },
    },
  )
  expect(told).toEqual(['one', 'two'])
  expect(view).toMatchObject({ outcome: 'rolled-back', error: 'no' })
})

test('without a socket there is no service', async () => {
  expect(await remoteJobs(socket)).toBeUndefined()
})

test('a file that is no socket is no service', async () => {
  writeFileSync(socket, '')
  expect(await remoteJobs(socket)).toBeUndefined()
})

test('the socket of a dead service is no service', async () => {
  const dead = createServer().listen(socket)
  await once(dead, 'listening')
  const left = join(folder, 'left') // closing removes only the name it was opened by
  linkSync(socket, left)
  dead.close()
  await once(dead, 'close')
  expect(await remoteJobs(left)).toBeUndefined()
})

test('an operation that outlives its service is told with how it ended', async () => {
  const first = await serveAndConnect()
  const { promise: begun, resolve: tellBegun } = Promise.withResolvers<void>()
  first.jobs.script = { hold: new Promise(() => undefined) }
  const run = first.remote.run({ kind: 'stop', name: 'menas' }, { begun: () => tellBegun() })
  await begun
  await first.server.close()
  // The next service finds the operation in the journal, and has undone it.
  const second = await openApi()
  second.jobs.log.push({ ...(await first.jobs.operation('1')), state: 'rolled-back' })
  await listenOnSocket(second.server, socket)
  await expect(run).rejects.toMatchObject({
    code: 'apply-failed',
    message: expect.stringMatching(/restarted.*rolled-back.*operations show 1/),
  })
  await first.remote.close()
  await second.server.close()
})
