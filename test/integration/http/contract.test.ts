import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { remoteJobs } from '../../../src/cli/remote.ts'
import { DomusError } from '../../../src/errors.ts'
import { listenOnSocket } from '../../../src/http/listen.ts'
import { NOUNS } from '../../../src/model/inventory.ts'
import type { ChangeRequest, Jobs } from '../../../src/service/jobs.ts'
import { localJobs } from '../../../src/service/local-jobs.ts'
import { openApi } from '../../builders/api.ts'
import { openTestApp } from '../../builders/app.ts'
import { domainDocument, imageDocument, serverDocument, siteDocument } from '../../builders/site.ts'

/** The same program twice, each with its own store and machine: one in this process, one behind a socket. */
let local: Jobs
let remote: Jobs
let close: () => Promise<void>

beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'domus-contract-'))
  const [here, there] = [await openTestApp(), await openTestApp()]
  for (const { machine } of [here, there])
    machine.programs.set('tail', () => ({ stdout: 'Linux version 6.1.0\nRun /sbin/init as init process\n' }))
  local = await localJobs(here.app)
  const api = await openApi({ jobs: await localJobs(there.app) })
  await listenOnSocket(api.server, join(folder, 'domus.sock'))
  const found = await remoteJobs(join(folder, 'domus.sock'))
  if (found === undefined) throw new Error('the service does not answer')
  remote = found
  close = async () => {
    await Promise.all([local.close(), remote.close()])
    await api.server.close()
    await there.app.close()
    rmSync(folder, { recursive: true })
  }
})

afterEach(() => close())

/** What a call gives, or the error it throws, in a form that can be compared. */
async function resultOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return withoutChance(await call())
  } catch (error) {
    if (!(error instanceof DomusError)) throw error
    return { code: error.code, message: error.message, problems: error.problems }
  }
}

/** Each boot has a number of its own by chance. */
const withoutChance = (value: unknown): unknown =>
  value === undefined || value instanceof Map
    ? value
    : JSON.parse(
        JSON.stringify(value, (key, one) => (key === 'boot' && typeof one === 'string' ? 'a boot' : one)),
      )

async function expectSame(call: (jobs: Jobs) => Promise<unknown>): Promise<unknown> {
  const here = await resultOf(() => call(local))
  expect(await resultOf(() => call(remote))).toEqual(here)
  return here
}

const site = () =>
  siteDocument({
    servers: [serverDocument({ kind: 'print' })],
    images: [imageDocument({ sharing: 'shared' })],
    domains: [domainDocument(), domainDocument({ name: 'second', address: undefined, boot: 'dhcp' })],
  })
const forced = ['kernel', 'image', 'server', 'export', 'host', 'config', 'dhcp', 'claim']

const STORY: readonly (readonly [ChangeRequest, object])[] = [
  [{ kind: 'apply', document: site() }, { outcome: 'done' }],
  [
    { kind: 'apply', document: site() },
    { outcome: 'done', changes: 0 },
  ],
  [{ kind: 'apply', document: { networks: 7, domains: [{ name: 'x' }] } }, { code: 'invalid-input' }],
  [{ kind: 'apply', document: 'nothing' }, { code: 'invalid-input' }],
  [{ kind: 'create', names: ['third'], domain: { image: 'slack', host: 'h1' } }, { outcome: 'done' }],
  [{ kind: 'create', names: ['menas'], domain: { image: 'slack', host: 'h1' } }, { code: 'conflict' }],
  [
    { kind: 'start', name: 'menas', force: forced, waitSeconds: 5 },
    { outcome: 'done', boot: { ok: true } },
  ],
  [{ kind: 'start', name: 'nobody' }, { code: 'not-found' }],
  [{ kind: 'delete', noun: 'domains', name: 'menas' }, { code: 'refused' }],
  [{ kind: 'delete', noun: 'images', name: 'slack' }, { code: 'conflict' }],
  [{ kind: 'reboot', name: 'menas' }, { outcome: 'done' }],
  [{ kind: 'migrate', name: 'menas', host: 'h2' }, { code: 'not-found' }],
  [{ kind: 'migrate', name: 'menas', host: 'h1' }, { code: 'refused' }],
  [{ kind: 'repair', name: 'menas' }, { code: 'unreachable' }],
  [{ kind: 'stop', name: 'menas' }, { outcome: 'done' }],
  [{ kind: 'start', name: 'second', force: forced }, { outcome: 'done' }],
  [{ kind: 'destroy', name: 'second' }, { outcome: 'done' }],
  [
    {
      kind: 'delete',
      noun: 'domains',
      name: 'third',
      expect: { noun: 'domains', name: 'third', tags: ['x'] },
    },
    { code: 'precondition-failed' },
  ],
  [{ kind: 'delete', noun: 'domains', name: 'third' }, { outcome: 'done' }],
]

test('a story of changes goes the same way through both doors', async () => {
  for (const [request, ending] of STORY) {
    await expectSame((jobs) => jobs.plan(request))
    expect(await expectSame((jobs) => jobs.run(request))).toMatchObject(ending)
  }
  for (const noun of NOUNS) await expectSame((jobs) => jobs.list(noun))
  await expectSame((jobs) => jobs.inventory())
  await expectSame((jobs) => jobs.operations())
  await expectSame((jobs) => jobs.operation('1'))
  await expectSame((jobs) => jobs.operation('1000'))
  await expectSame((jobs) => jobs.operation('x'))
  await expectSame((jobs) => jobs.settle('1'))
  await expectSame((jobs) => jobs.timeline('menas'))
  await expectSame((jobs) => jobs.timeline('nobody'))
  await expectSame((jobs) => jobs.verify('all'))
  await expectSame((jobs) => jobs.verify(['second', 'nobody']))
})

test('what is told of a change goes the same way through both doors', async () => {
  const toldBy = async (jobs: Jobs) => {
    const told: string[] = []
    await jobs.run(
      { kind: 'apply', document: site() },
      { begun: (id) => void told.push(`begun ${id}`), step: (line) => void told.push(line) },
    )
    return told
  }
  const here = await toldBy(local)
  expect(here.length).toBeGreaterThan(2)
  expect(await toldBy(remote)).toEqual(here)
})
