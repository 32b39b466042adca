import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { DomusError } from '../errors.ts'
import { NOUNS, type Noun } from '../model/inventory.ts'
import { tagOf } from '../service/etag.ts'
import type { Expectation, ResourceView } from '../service/jobs.ts'
import { answerChange, changeAnswers, changeQuery } from './change.ts'
import type { Context, Server } from './context.ts'
import { cutPage, page } from './paging.ts'
import { given, resource } from './schemas.ts'

/** `GET /v1/NOUN`, and `GET|PUT|DELETE /v1/NOUN/NAME`, for every noun. */
export function resourceRoutes(server: Server, context: Context): void {
  for (const noun of NOUNS) {
    listRoute(server, context, noun)
    oneRoute(server, context, noun)
    putRoute(server, context, noun)
    deleteRoute(server, context, noun)
  }
}

export const params = z.object({ name: z.string() })
const preconditions = z.object({ 'if-match': z.string().optional(), 'if-none-match': z.string().optional() })

function listRoute(server: Server, { jobs }: Context, noun: Noun) {
  const path = `/v1/${noun}`
  const schema = {
    tags: [noun],
    summary: `list ${noun}`,
    querystring: z.strictObject(page),
    response: { 200: z.array(resource[noun]) },
  }
  server.get(path, { schema }, async (request, reply) => {
    const { items, link } = cutPage(await jobs.list(noun), ({ name }) => name, { path, ...request.query })
    if (link !== undefined) reply.header('link', link)
    return reply.send(items.map(answerOf))
  })
}

function oneRoute(server: Server, { jobs }: Context, noun: Noun) {
  const schema = { tags: [noun], summary: `one of the ${noun}`, params, response: { 200: resource[noun] } }
  server.get(`/v1/${noun}/:name`, { schema }, async (request, reply) => {
    const { name } = request.params
    const found = (await jobs.list(noun)).find((one) => one.name === name)
    if (found === undefined) throw new DomusError('not-found', `no ${noun.slice(0, -1)} ${name}`)
    return reply.header('etag', `"${tagOf(found.spec)}"`).send(answerOf(found))
  })
}

/** A resource as the CLI's `get --json` shows it. */
const answerOf = ({ spec, state }: ResourceView) => ({ ...spec, ...(state !== undefined && { state }) })

function putRoute(server: Server, context: Context, noun: Noun) {
  const schema = {
    tags: [noun],
    summary: `make one of the ${noun}, or make it as given`,
    params,
    headers: preconditions,
    querystring: z.strictObject(changeQuery),
    body: given[noun],
    response: changeAnswers,
  }
  server.put(`/v1/${noun}/:name`, { schema }, async (request, reply) => {
    const { name } = request.params
    await answerChange(context, request, reply, {
      kind: 'apply',
      document: { [noun]: [named(noun, name, request.body)] },
      ...expectationOf(request.headers, noun, name),
    })
    return reply
  })
}

/** The body with the name of the address; what is no resource at all is for the site's reader to explain. */
function named(noun: Noun, name: string, body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const { state: _readOnly, ...rest } = body as Record<string, unknown>
  const given: Record<string, unknown> = noun === 'domains' ? rest : { ...body }
  if (given.name !== undefined && given.name !== name)
    throw new DomusError('invalid-input', `${noun}/${name} cannot have another name; nothing was changed`, {
      problems: [{ path: `${noun}/${name}/name`, message: `${JSON.stringify(given.name)} is not ${name}` }],
    })
  return { ...given, name }
}

function deleteRoute(server: Server, context: Context, noun: Noun) {
  const schema = {
    tags: [noun],
    summary: `delete one of the ${noun}, and what was made for it`,
    params,
    headers: preconditions,
    querystring: z.strictObject(changeQuery),
    response: changeAnswers,
  }
  server.delete(`/v1/${noun}/:name`, { schema }, async (request: FastifyRequest, reply: FastifyReply) => {
    const { name } = request.params as z.output<typeof params> // the schema above
    const expect = expectationOf(request.headers, noun, name)
    await answerChange(context, request, reply, { kind: 'delete', noun, name, ...expect })
    return reply
  })
}

/** What If-Match and If-None-Match (RFC 9110 §13) say of a resource. @throws DomusError 'invalid-input' */
function expectationOf(
  { 'if-match': match, 'if-none-match': none }: FastifyRequest['headers'],
  noun: Noun,
  name: string,
): { expect?: Expectation } {
  if (match === undefined && none === undefined) return {}
  if (none !== undefined && (match !== undefined || none.trim() !== '*'))
    throw new DomusError('invalid-input', 'if-none-match takes only *, and not together with if-match')
  if (match === undefined) return { expect: { noun, name, tags: [] } }
  if (match.trim() === '*') return { expect: { noun, name, tags: 'any' } }
  const tags = [...match.matchAll(/(?<!W\/)"([^"]*)"/g)].map(([, tag = '']) => tag)
  if (tags.length === 0)
    throw new DomusError('invalid-input', `if-match takes "TAG" as in ETag, or *; this is ${match}`)
  return { expect: { noun, name, tags } }
}
