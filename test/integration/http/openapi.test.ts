import { expect, test } from 'vitest'
import { z } from 'zod'
import { DomusError } from '../../../src/errors.ts'
import * as schemas from '../../../src/http/schemas.ts'
import { NOUNS } from '../../../src/model/inventory.ts'
import { openApi } from '../../builders/api.ts'
import { domainDocument, siteDocument } from '../../builders/site.ts'

test('the OpenAPI document has every route', async () => {
  const { ask } = await openApi()
  const { body } = await ask('/v1/openapi.json')
  expect(body.openapi).toMatch(/^3\.1/)
  const routes = Object.entries<object>(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(routes.sort()).toEqual(
    [
      ...NOUNS.flatMap((noun) => [
        `GET /v1/${noun}`,
        ...['GET', 'PUT', 'DELETE'].map((method) => `${method} /v1/${noun}/{name}`),
      ]),
      'POST /v1/domains',
      ...['start', 'stop', 'reboot', 'destroy', 'migrate', 'repair', 'fence'].map(
        (verb) => `POST /v1/domains/{name}/${verb}`,
      ),
      ...['verify', 'config', 'timeline'].map((look) => `GET /v1/domains/{name}/${look}`),
      'GET /v1/verify',
      'GET /v1/site',
      'POST /v1/plan',
      'POST /v1/apply',
      'GET /v1/operations',
      'GET /v1/operations/{id}',
      'POST /v1/operations/{id}/settle',
      'GET /v1/events',
      'GET /v1/dhcp/packets',
      'GET /healthz',
      'GET /readyz',
    ].sort(),
  )
})

test('bodies are described by the schemas of the nouns', async () => {
  const { ask } = await openApi()
  const { paths } = (await ask('/v1/openapi.json')).body
  const schema = paths['/v1/networks/{name}'].put.requestBody.content['application/json'].schema
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining(['name', 'cidr', 'bridge', 'dhcpServer']),
  )
  expect(schema.required).not.toContain('name')
  expect(schema.required).toContain('cidr')
})

test('what a query takes is described', async () => {
  const { ask } = await openApi()
  const { paths } = (await ask('/v1/openapi.json')).body
  expect(paths['/v1/domains/{name}/stop'].post.parameters).toContainEqual({
    name: 'dryRun',
    in: 'query',
    required: false,
    description: 'answer with the plan and change nothing',
    schema: { type: 'boolean', default: false },
  })
})

test('every reference in the document leads somewhere', async () => {
  const { ask } = await openApi()
  const { body, text } = await ask('/v1/openapi.json')
  const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
  expect(names).toContain('Problem')
  expect(Object.keys(body.components.schemas)).toEqual(expect.arrayContaining(names))
})

test('the page for people is at /docs', async () => {
  const { ask } = await openApi()
  const answer = await ask('/docs/', { as: 'nobody' })
  expect(answer.status).toBe(200)
  expect(answer.text).toContain('swagger')
})

test.each([
  ['GET /v1/domains', undefined, z.array(schemas.resource.domains)],
  ['GET /v1/networks/lan', undefined, schemas.resource.networks],
  ['GET /v1/site', undefined, schemas.site],
  ['POST /v1/plan', siteDocument(), schemas.plan],
  ['PUT /v1/domains/menas', domainDocument(), schemas.accepted],
  ['GET /v1/operations', undefined, schemas.operations],
  ['GET /v1/operations/1?wait=5', undefined, schemas.operation],
  ['GET /v1/operations/2?wait=5', undefined, schemas.operation],
  ['GET /v1/verify', undefined, schemas.verdicts],
  ['GET /v1/domains/menas/timeline', undefined, schemas.timeline],
])('%s answers in the form that is documented', async (address, body, schema) => {
  const { ask, jobs } = await openApi()
  await ask('POST /v1/domains/menas/stop')
  jobs.script = { fail: new DomusError('apply-failed', 'as asked'), lines: ['a'] }
  await ask('POST /v1/domains/menas/stop')
  const answer = await ask(address, { body })
  expect(answer.status).toBeLessThan(300)
  expect(z.safeParse(schema, answer.body).error).toBeUndefined()
})

test('the outcome of a change with nothing to do is in the form that is documented', async () => {
  const { ask, jobs } = await openApi()
  jobs.script = { idle: true }
  const { body } = await ask('POST /v1/domains/menas/stop')
  expect(schemas.outcome.parse(body)).toEqual(body)
})
