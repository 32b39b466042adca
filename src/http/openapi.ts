import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
  validatorCompiler,
} from '@fastify/type-provider-zod'
import { z } from 'zod'
import type { Server } from './context.ts'
import { described } from './schemas.ts'

const DESCRIPTION = `Makes and runs diskless Xen guests.

A change answers 202 with an operation as soon as it has begun, 200 with the outcome when there was nothing to do,
and with dryRun=true 200 with its plan. Failures are problem+json (RFC 9457): a code of a closed list, and every
mistake with its path.`

const PAGE = '/docs'

/** Sets up validation, the OpenAPI 3.1 document at /v1/openapi.json, and a page for people at /docs. */
export async function describeRoutes(server: Server, version: string): Promise<void> {
  server.setValidatorCompiler(validatorCompiler)
  // The forms of answers are documentation: what the jobs return is written as it is.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data))
  const zodToJsonConfig = { override: describeBody }
  const transformObject = createJsonSchemaTransformObject({ zodToJsonConfig })
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'domus', version, description: DESCRIPTION },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject: (document) => withProblems(transformObject(document) as Document),
  })
  // The page holds nothing of the site; a browser cannot show a token before it has it.
  server.addHook('onRoute', (route) => {
    if (route.url.startsWith(PAGE)) route.config = { ...route.config, role: 'anybody' }
  })
  await server.register(swaggerUi, { routePrefix: PAGE, staticCSP: true })
}

/** `GET /v1/openapi.json`. */
export function openapiRoute(server: Server): void {
  server.get('/v1/openapi.json', { schema: { hide: true }, config: { role: 'anybody' } }, () =>
    server.swagger(),
  )
}

function describeBody({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: object }) {
  const form = described.get(zodSchema)
  if (form === undefined) return
  const { $schema: _dialect, ...json } = z.toJSONSchema(form, { io: 'input', unrepresentable: 'any' })
  Object.assign(jsonSchema, json)
}

type Document = ReturnType<Server['swagger']> & {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { responses: Record<string, unknown> }>>>>
}

/** Every operation may fail, in one form. */
function withProblems(document: Document): Document {
  const problem = {
    description: 'why not, and every mistake with its path',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  for (const path of Object.values(document.paths))
    for (const { responses } of Object.values(path)) responses.default = problem
  return document
}
