import { expect, test } from 'vitest'
import { DomusError } from '../../../src/errors.ts'
import { openApi } from '../../builders/api.ts'
import { domainDocument, siteDocument } from '../../builders/site.ts'

test('a change that has begun is answered with its operation and where to follow it', async () => {
  const { ask } = await openApi()
  const answer = await ask('POST /v1/domains/menas/stop')
  expect(answer.status).toBe(202)
  expect(answer.headers.location).toBe('/v1/operations/1')
  expect(answer.body).toEqual({
    operation: '1',
    links: { operation: '/v1/operations/1', events: '/v1/events?operation=1' },
  })
})

test('a change is answered before it has ended, and ends without its asker', async () => {
  const { ask, jobs } = await openApi()
  const { promise, resolve } = Promise.withResolvers<void>()
  jobs.script = { hold: promise }
  const { body } = await ask('POST /v1/domains/menas/stop')
  expect((await ask(`/v1/operations/${body.operation}`)).body.state).toBe('running')
  resolve()
  const ended = await ask(`/v1/operations/${body.operation}?wait=5`)
  expect(ended.body).toMatchObject({ state: 'done', run: { result: { outcome: 'done' } } })
})

test('a change with nothing to do is answered with its outcome', async () => {
  const { ask, jobs } = await openApi()
  jobs.script = { idle: true }
  const answer = await ask('POST /v1/apply', { body: siteDocument() })
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject({ outcome: 'done', changes: 0, steps: [] })
})

test('a change that is refused before it begins is a problem', async () => {
  const { ask, jobs } = await openApi()
  const problems = [{ path: 'domains/menas', message: 'kernel has no NFS' }]
  jobs.script = { refuse: new DomusError('refused', 'start domain menas: refused', { problems }) }
  const answer = await ask('POST /v1/domains/menas/start')
  expect(answer.status).toBe(422)
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  expect(answer.body).toEqual({
    type: 'urn:domus:refused',
    title: 'refused',
    status: 422,
    detail: 'start domain menas: refused',
    code: 'refused',
    errors: problems,
  })
})

test.each([
  ['PUT /v1/domains/menas?dryRun=true', domainDocument()],
  ['DELETE /v1/images/slack?dryRun=true', undefined],
  ['POST /v1/domains?dryRun=true', { names: ['a'], domain: { image: 'slack' } }],
  ['POST /v1/domains/menas/start?dryRun=true', {}],
  ['POST /v1/domains/menas/destroy?dryRun=true', undefined],
  ['POST /v1/apply?dryRun=true', siteDocument()],
  ['POST /v1/plan', siteDocument()],
])('%s shows the plan and changes nothing', async (address, body) => {
  const { ask, jobs } = await openApi()
  const answer = await ask(address, { body })
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject({ changes: 1, facts: 'known' })
  expect(jobs.asked.map(({ what }) => what)).toEqual(['plan'])
})

test.each([
  'POST /v1/domains/menas/destroy?dryrun=true',
  'DELETE /v1/domains/menas?dry_run=1',
  'POST /v1/apply?dryRun=perhaps',
])('%s is refused: a mistyped dry run must not change anything', async (address) => {
  const { ask, jobs } = await openApi()
  const answer = await ask(address, { body: {} })
  expect(answer.status).toBe(400)
  expect(answer.body.code).toBe('invalid-input')
  expect(answer.body.errors[0].path).toMatch(/^query\/dry/)
  expect(jobs.asked).toEqual([])
})

test.each([
  [
    'PUT /v1/networks/lan',
    { cidr: '10.0.0.0/24' },
    { kind: 'apply', document: { networks: [{ cidr: '10.0.0.0/24', name: 'lan' }] } },
  ],
  [
    'PUT /v1/domains/menas',
    { image: 'slack', state: 'running' },
    { kind: 'apply', document: { domains: [{ image: 'slack', name: 'menas' }] } },
  ],
  ['DELETE /v1/kernels/nfsroot', undefined, { kind: 'delete', noun: 'kernels', name: 'nfsroot' }],
  [
    'POST /v1/domains',
    { names: ['a', 'b'], domain: { image: 'slack' }, start: true, force: ['dhcp'] },
    { kind: 'create', names: ['a', 'b'], domain: { image: 'slack' }, start: true, force: ['dhcp'] },
  ],
  [
    'POST /v1/domains/menas/start',
    { force: ['kernel'], waitSeconds: 60 },
    { kind: 'start', name: 'menas', force: ['kernel'], waitSeconds: 60 },
  ],
  ['POST /v1/domains/menas/start', undefined, { kind: 'start', name: 'menas' }],
  ['POST /v1/domains/menas/stop', undefined, { kind: 'stop', name: 'menas' }],
  ['POST /v1/domains/menas/reboot', {}, { kind: 'reboot', name: 'menas' }],
  [
    'POST /v1/domains/menas/migrate',
    { host: 'h2', force: ['clock'] },
    { kind: 'migrate', name: 'menas', host: 'h2', force: ['clock'] },
  ],
  ['POST /v1/domains/menas/repair', undefined, { kind: 'repair', name: 'menas' }],
  ['POST /v1/domains/menas/destroy', undefined, { kind: 'destroy', name: 'menas' }],
  ['POST /v1/domains/menas/fence', undefined, { kind: 'fence', name: 'menas' }],
  ['POST /v1/domains/menas/fence', { lift: true }, { kind: 'fence', name: 'menas', lift: true }],
  [
    'POST /v1/apply?prune=true&exports=adopt',
    { hosts: [] },
    { kind: 'apply', document: { hosts: [] }, prune: true, exports: 'adopt' },
  ],
  ['POST /v1/apply', ['no', 'site'], { kind: 'apply', document: ['no', 'site'] }],
])('%s with %j asks for that job', async (address, body, request) => {
  const { ask, jobs } = await openApi()
  expect((await ask(address, { body })).status).toBe(202)
  expect(jobs.asked).toEqual([{ what: 'run', request, who: 'the-admin' }])
})

test('a site document may be YAML', async () => {
  const { ask, jobs } = await openApi()
  const headers = { 'content-type': 'application/yaml' }
  await ask('POST /v1/apply', { body: 'networks:\n  - { name: lan }\n', headers })
  expect(jobs.asked[0]?.request).toEqual({ kind: 'apply', document: { networks: [{ name: 'lan' }] } })
})

test('a document that is not YAML is told with its line', async () => {
  const { ask } = await openApi()
  const headers = { 'content-type': 'application/yaml' }
  const answer = await ask('POST /v1/plan', { body: 'networks: [\n', headers })
  expect(answer.status).toBe(400)
  expect(answer.body.errors[0].path).toMatch(/^line \d+, column \d+$/)
})

test('a resource cannot be given another name than that of its address', async () => {
  const { ask, jobs } = await openApi()
  const answer = await ask('PUT /v1/domains/menas', { body: domainDocument({ name: 'other' }) })
  expect(answer.body.errors).toEqual([{ path: 'domains/menas/name', message: '"other" is not menas' }])
  expect(jobs.asked).toEqual([])
})

test('all mistakes of a body are told with their paths', async () => {
  const { ask } = await openApi()
  const answer = await ask('POST /v1/domains', { body: { names: [], domain: 7, colour: 'red' } })
  expect(answer.status).toBe(400)
  expect(answer.body.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
    'colour',
    'domain',
    'names',
  ])
})

test.each([
  ['broken JSON', '{"names":', 'application/json'],
  ['no body', '', 'application/json'],
  ['a type we do not take', '<site/>', 'application/xml'],
])('%s is invalid input', async (_what, body, type) => {
  const { ask } = await openApi()
  const answer = await ask('POST /v1/domains', { body, headers: { 'content-type': type } })
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-input' } })
})

test('whoever says what he saw changes nothing that is another now', async () => {
  const { ask } = await openApi()
  const { headers } = await ask('/v1/domains/menas')
  const body = domainDocument({ memoryMiB: 512 })
  const stale = await ask('PUT /v1/domains/menas', { body, headers: { 'if-match': '"another"' } })
  expect(stale).toMatchObject({ status: 412, body: { code: 'precondition-failed' } })
  const fresh = { 'if-match': String(headers.etag) }
  expect((await ask('PUT /v1/domains/menas', { body, headers: fresh })).status).toBe(202)
})

test('if-none-match: * makes only what is not there', async () => {
  const { ask } = await openApi()
  const headers = { 'if-none-match': '*' }
  expect((await ask('PUT /v1/domains/menas', { body: domainDocument(), headers })).status).toBe(412)
  const body = domainDocument({ name: 'new' })
  expect((await ask('PUT /v1/domains/new', { body, headers })).status).toBe(202)
})

test('if-match: * deletes only what is there', async () => {
  const { ask } = await openApi()
  const headers = { 'if-match': '*' }
  expect((await ask('DELETE /v1/domains/nobody', { headers })).status).toBe(412)
  expect((await ask('DELETE /v1/domains/menas', { headers })).status).toBe(202)
})

test('an error of a running operation is kept for whoever follows it', async () => {
  const { ask, jobs } = await openApi()
  jobs.script = { fail: new DomusError('apply-failed', 'cannot write h1:/etc/xen/menas.cfg') }
  await ask('POST /v1/domains/menas/start')
  const { body } = await ask('/v1/operations/1?wait=5')
  expect(body.run.problem).toMatchObject({
    code: 'apply-failed',
    detail: 'cannot write h1:/etc/xen/menas.cfg',
  })
})

test('progress comes as it is made, and only once', async () => {
  const { ask, jobs } = await openApi()
  const { promise, resolve } = Promise.withResolvers<void>()
  jobs.script = { lines: ['one', 'two', 'three'], hold: promise }
  await ask('POST /v1/domains/menas/start')
  const first = await ask('/v1/operations/1?wait=5&seen=0')
  expect(first.body.run).toEqual({ seen: 1, lines: ['one'] })
  const later = ask('/v1/operations/1?wait=5&seen=1')
  resolve()
  expect((await later).body.run).toMatchObject({ seen: 3, lines: ['two', 'three'] })
})

test('a service that ends takes no new changes and lets those that go on end', async () => {
  const { ask, jobs, drain } = await openApi()
  const { promise, resolve } = Promise.withResolvers<void>()
  jobs.script = { hold: promise }
  await ask('POST /v1/domains/menas/stop')
  let isDrained = false
  const drained = drain().then(() => {
    isDrained = true
  })
  expect(await ask('POST /v1/domains/menas/start')).toMatchObject({ status: 409, body: { code: 'busy' } })
  expect(isDrained).toBe(false)
  resolve()
  await drained
  expect((await ask('/v1/operations/1')).body.state).toBe('done')
})

test('JSON may be said of a request without a body', async () => {
  const { ask } = await openApi()
  const answer = await ask('POST /v1/domains/menas/stop', { headers: { 'content-type': 'application/json' } })
  expect(answer.status).toBe(202)
})

test.each([`/v1/domains/${'a'.repeat(101)}`, '/v1/domains/%zz'])(
  '%.20s… is told as a problem',
  async (path) => {
    const { ask } = await openApi()
    const answer = await ask(path)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(answer.body.code).toMatch(/^(?:invalid-input|not-found)$/)
  },
)
