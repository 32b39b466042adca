import { expect, test } from 'vitest'
import { type AskedAs, openApi, TOKENS } from '../../builders/api.ts'

const ROLES: readonly AskedAs[] = ['nobody', 'viewer', 'operator', 'admin']

test.each([
  ['GET /healthz', [200, 200, 200, 200]],
  ['GET /v1/openapi.json', [200, 200, 200, 200]],
  ['GET /v1/domains', [401, 200, 200, 200]],
  ['GET /v1/domains/menas/verify', [401, 200, 200, 200]],
  ['GET /metrics', [401, 200, 200, 200]],
  ['GET /v1/nothing', [401, 404, 404, 404]],
  ['POST /v1/domains/menas/start', [401, 403, 202, 202]],
  ['POST /v1/domains/menas/stop', [401, 403, 202, 202]],
  ['POST /v1/domains/menas/reboot', [401, 403, 202, 202]],
  ['POST /v1/domains/menas/destroy', [401, 403, 202, 202]],
  ['POST /v1/domains/menas/fence', [401, 403, 202, 202]],
  ['PUT /v1/domains/menas', [401, 403, 403, 202]],
  ['DELETE /v1/domains/menas', [401, 403, 403, 202]],
  ['POST /v1/plan', [401, 403, 403, 200]],
  ['POST /v1/apply', [401, 403, 403, 202]],
  ['POST /v1/apply?dryRun=true', [401, 403, 403, 200]],
  ['POST /v1/operations/1/settle', [401, 403, 403, 404]],
])('%s: nobody, viewer, operator, admin get %j', async (address, statuses) => {
  const got: number[] = []
  const { ask } = await openApi()
  for (const as of ROLES) {
    const body = address.startsWith('GET') ? undefined : {}
    got.push((await ask(address, { as, body })).status)
  }
  expect(got).toEqual(statuses)
})

test('without a token the answer says that one is needed', async () => {
  const { ask } = await openApi()
  const answer = await ask('/v1/domains', { as: 'nobody' })
  expect(answer.headers['www-authenticate']).toBe('Bearer')
  expect(answer.body).toMatchObject({ status: 401, code: 'unauthorized' })
})

test.each([
  ['another token', 'Bearer viewer-viewer-viewer-2'],
  ['a prefix of a token', `Bearer ${TOKENS.admin.slice(0, -1)}`],
  ['a longer token', `Bearer ${TOKENS.admin}x`],
  ['another scheme', `Basic ${TOKENS.admin}`],
  ['no scheme', TOKENS.admin],
  ['nothing', ''],
])('%s lets nobody in', async (_what, authorization) => {
  const { ask } = await openApi()
  expect((await ask('/v1/domains', { as: 'nobody', headers: { authorization } })).status).toBe(401)
})

test('without tokens nobody gets in', async () => {
  const { ask } = await openApi({ settings: { tokens: [] } })
  expect((await ask('/v1/domains')).status).toBe(401)
})

test('the body of somebody who may not ask is not even read', async () => {
  const { ask } = await openApi()
  const headers = { 'content-type': 'application/json' }
  expect((await ask('POST /v1/apply', { as: 'operator', body: '{broken', headers })).status).toBe(403)
  expect((await ask('POST /v1/apply', { as: 'admin', body: '{broken', headers })).status).toBe(400)
})

test('the journal gets the name of the token', async () => {
  const { ask, jobs } = await openApi()
  await ask('POST /v1/domains/menas/stop', { as: 'operator', headers: { 'domus-user': 'root' } })
  expect(jobs.asked[0]?.who).toBe('the-operator')
})

test('only an administrator is told of the inside of a bug', async () => {
  const { ask, jobs } = await openApi()
  jobs.script = { refuse: new TypeError('x is not a function') }
  const of = async (as: AskedAs) => (await ask('POST /v1/domains/menas/stop', { as })).body.detail
  expect(await of('operator')).toBe('internal error; the log of the service has more')
  expect(await of('admin')).toBe('x is not a function')
})
