import { expect, test } from 'vitest'
import { NOUNS } from '../../../src/model/inventory.ts'
import { openApi } from '../../builders/api.ts'
import { domainDocument, imageDocument, inventoryOf, siteDocument } from '../../builders/site.ts'
import { FakeJobs } from '../../fakes/fake-jobs.ts'

const jobsWith = (count: number) =>
  new FakeJobs(
    inventoryOf(
      siteDocument({
        images: [imageDocument({ sharing: 'shared' })],
        domains: Array.from({ length: count }, (_, index) =>
          domainDocument({ name: `w${index}`, address: undefined }),
        ),
      }),
    ),
  )

test.each(NOUNS)('%s are listed as they are recorded', async (noun) => {
  const { ask, jobs } = await openApi()
  const [resource] = [...jobs.site[noun].values()]
  const { body } = await ask(`/v1/${noun}`)
  expect(body).toEqual([noun === 'domains' ? { ...resource, state: 'stopped' } : resource])
})

test('a list comes in pages, and each leads to the next', async () => {
  const { ask } = await openApi({ jobs: jobsWith(5) })
  const names: string[] = []
  let next: string | undefined = '/v1/domains?limit=2'
  let pages = 0
  while (next !== undefined) {
    const { body, headers } = await ask(next)
    names.push(...body.map(({ name }: { name: string }) => name))
    next = /<(.*)>; rel="next"/.exec(String(headers.link))?.[1]
    pages++
  }
  expect({ names, pages }).toEqual({ names: ['w0', 'w1', 'w2', 'w3', 'w4'], pages: 3 })
})

test('a page after something that is gone is refused rather than wrong', async () => {
  const { ask } = await openApi()
  const answer = await ask('/v1/domains?after=gone')
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'query/after' }] } })
})

test.each(['0', '1.5', 'many', '100001'])('limit=%s is refused', async (limit) => {
  const { ask } = await openApi()
  const answer = await ask(`/v1/domains?limit=${limit}`)
  expect(answer).toMatchObject({
    status: 400,
    body: { code: 'invalid-input', errors: [{ path: 'query/limit' }] },
  })
})

test('one resource has a tag that follows its spec', async () => {
  const tagOf = async (memoryMiB: number) => {
    const jobs = new FakeJobs(inventoryOf(siteDocument({ domains: [domainDocument({ memoryMiB })] })))
    const { ask } = await openApi({ jobs })
    return (await ask('/v1/domains/menas')).headers.etag
  }
  expect(await tagOf(256)).toMatch(/^"[\w-]{22}"$/)
  expect(await tagOf(256)).toBe(await tagOf(256))
  expect(await tagOf(256)).not.toBe(await tagOf(512))
})

test.each(['/v1/domains/nobody', '/v1/operations/77', '/v1/nothing', '/', '/v1/domains/nobody/config'])(
  '%s is a problem: not found',
  async (path) => {
    const { ask } = await openApi()
    const answer = await ask(path)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(answer).toMatchObject({
      status: 404,
      body: { type: 'urn:domus:not-found', status: 404, code: 'not-found' },
    })
  },
)

test('the config of a domain is the text that would be written', async () => {
  const { ask } = await openApi()
  const xl = await ask('/v1/domains/menas/config')
  expect(xl.headers['content-type']).toBe('text/plain; charset=utf-8')
  expect(xl.text).toContain('cmdline = "root=/dev/nfs nfsroot=38.99.2.7:/usr/xen/images/slack')
  expect((await ask('/v1/domains/menas/config?as=xm')).text).toContain('nfs_server')
})

test('the links of one domain, of some and of all are checked', async () => {
  const { ask } = await openApi({ jobs: jobsWith(3) })
  const names = async (path: string) => (await ask(path)).body.map(({ domain }: { domain: string }) => domain)
  expect((await ask('/v1/domains/w1/verify')).body).toMatchObject({ domain: 'w1', ok: true })
  expect((await ask('/v1/domains/w1/verify?probe=true')).body).toMatchObject({ ok: false })
  expect(await names('/v1/verify')).toEqual(['w0', 'w1', 'w2'])
  expect(await names('/v1/verify?name=w2')).toEqual(['w2'])
  expect(await names('/v1/verify?name=w2&name=w0')).toEqual(['w2', 'w0'])
})

test('the timeline of a domain tells its last boot', async () => {
  const { ask } = await openApi()
  expect((await ask('/v1/domains/menas/timeline')).body).toMatchObject([{ stage: 'dhcp' }])
})

test('the site is a document that apply takes', async () => {
  const { ask, jobs } = await openApi()
  const { body } = await ask('/v1/site')
  expect(inventoryOf(body)).toEqual(jobs.site)
})

test('the service tells that it answers', async () => {
  const { ask } = await openApi()
  expect(await ask('/healthz', { as: 'nobody' })).toMatchObject({
    status: 200,
    body: { status: 'ok', version: '1.2.3' },
  })
})

test('the service is ready when all its parts are', async () => {
  const { ask } = await openApi({ health: async () => ({ store: 'ok', dhcp: 'ok' }) })
  expect(await ask('/readyz', { as: 'nobody' })).toMatchObject({ status: 200, body: { ready: true } })
})

test('a service with a part that fails is not ready, and says which', async () => {
  const checks = { store: 'ok', dhcp: 'cannot bind port 67' }
  const { ask } = await openApi({ health: async () => checks })
  expect(await ask('/readyz', { as: 'nobody' })).toMatchObject({
    status: 503,
    body: { ready: false, checks },
  })
})

test('the metrics tell of requests, operations, resources and DHCP', async () => {
  const dhcpStats = () => [{ type: 'DISCOVER', result: 'offer', count: 42 }]
  const { ask } = await openApi({
    dhcpStats,
    resourceCounts: () => ({ domains: 12 }),
    claimBreaches: () => 2,
  })
  await ask('POST /v1/domains/menas/stop')
  await ask('/v1/operations/1?wait=5')
  await ask('/metrics')
  const { text } = await ask('/metrics')
  expect(text).toContain('domus_dhcp_messages_total{type="DISCOVER",result="offer"} 42')
  expect(text).toContain('domus_operations_total{outcome="done"} 1')
  expect(text).toContain('domus_resources{noun="domains"} 12')
  expect(text).toContain('domus_claim_breaches 2')
  expect(text).toContain('domus_build_info{version="1.2.3"} 1')
  expect(text).toContain(
    'domus_http_request_seconds_count{method="POST",route="/v1/domains/:name/stop",status="202"} 1',
  )
  const foreign = text.split('\n').filter((line) => line !== '' && !/^(?:# (?:HELP|TYPE) )?domus_/.test(line))
  expect(foreign).toEqual([])
})

test('no metric names a domain, a MAC or an address', async () => {
  const { ask } = await openApi()
  await ask('/v1/domains/menas')
  await ask('/v1/domains/menas/nothing')
  expect((await ask('/metrics')).text).not.toContain('menas')
})
