import type { ChangeRequest, Expectation } from '../service/jobs.ts'
import type { Call } from './socket-client.ts'

/** The HTTP request that asks for a change, or with `dryRun` for its plan. */
export function callOf(request: ChangeRequest, { dryRun }: { dryRun: boolean }): Call {
  const query = { ...(dryRun && { dryRun: 'true' }) }
  switch (request.kind) {
    case 'apply':
      return request.expect === undefined
        ? applyCall(request, dryRun)
        : putCall(request, request.expect, query)
    case 'create': {
      const { kind: _kind, ...body } = request
      return { method: 'POST', path: '/v1/domains', query, body }
    }
    case 'delete': {
      const path = `/v1/${request.noun}/${encodeURIComponent(request.name)}`
      return { method: 'DELETE', path, query, headers: headersOf(request.expect) }
    }
    case 'start':
    case 'stop':
    case 'reboot':
    case 'destroy':
    case 'migrate':
    case 'repair':
    case 'fence': {
      const { kind, name, ...body } = request
      return { method: 'POST', path: `/v1/domains/${encodeURIComponent(name)}/${kind}`, query, body }
    }
  }
}

type Apply = ChangeRequest & { readonly kind: 'apply' }

const applyCall = ({ document, prune, exports }: Apply, dryRun: boolean): Call => ({
  method: 'POST',
  path: dryRun ? '/v1/plan' : '/v1/apply',
  query: { ...(prune && { prune: 'true' }), ...(exports && { exports }) },
  body: document ?? null,
})

/** An expectation is about one resource, and travels with it. */
function putCall({ document }: Apply, expect: Expectation, query: NonNullable<Call['query']>): Call {
  const [resource] = (document as Record<string, unknown[]>)[expect.noun] ?? []
  const path = `/v1/${expect.noun}/${encodeURIComponent(expect.name)}`
  return { method: 'PUT', path, query, headers: headersOf(expect), body: resource ?? null }
}

function headersOf(expect: Expectation | undefined): Record<string, string> {
  if (expect === undefined) return {}
  if (expect.tags === 'any') return { 'if-match': '*' }
  if (expect.tags.length === 0) return { 'if-none-match': '*' }
  return { 'if-match': expect.tags.map((tag) => `"${tag}"`).join(', ') }
}
