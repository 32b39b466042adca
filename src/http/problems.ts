import { DomusError, problemJson } from '../errors.ts'
import type { Problem } from '../model/problem.ts'
import type { Server } from './context.ts'

/** Answers every failure as problem+json (RFC 9457), unknown addresses too. */
export function answerProblems(server: Server): void {
  server.setNotFoundHandler((request) => {
    throw new DomusError(
      'not-found',
      `there is no ${request.method} ${request.url.split('?')[0]}; see /v1/openapi.json`,
    )
  })
  server.setErrorHandler((error, request, reply) => {
    const failure = failureOf(error)
    if (!(failure instanceof DomusError)) request.log.error({ err: failure }, 'a bug: this should not happen')
    const problem = problemJson(failure)
    // What a bug says of our insides is for the administrator.
    const isPrivate = problem.code === 'internal' && request.caller?.role !== 'admin'
    return reply
      .code(problem.status)
      .type('application/problem+json')
      .send(isPrivate ? { ...problem, detail: 'internal error; the log of the service has more' } : problem)
  })
}

/** Turns what Fastify throws for a malformed request into our own error. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DomusError) return error
  if (isValidation(error)) {
    const problems = error.validation.flatMap((issue) => problemsOf(issue, error.validationContext))
    return new DomusError('invalid-input', 'the request has mistakes; nothing was changed', { problems })
  }
  // A body that is no JSON, of a type we do not take, too long: statuses 400, 413 and 415 of Fastify.
  const status = 'statusCode' in error ? Number(error.statusCode) : 500
  return status >= 400 && status < 500 ? new DomusError('invalid-input', error.message) : error
}

interface Issue {
  readonly keyword: string
  readonly instancePath: string
  readonly message?: string
  readonly params: Readonly<Record<string, unknown>>
}

type ValidationError = Error & { readonly validation: readonly Issue[]; readonly validationContext?: string }

const isValidation = (error: Error): error is ValidationError =>
  'validation' in error && Array.isArray(error.validation)

/** Paths are those of the body; of a query they begin with `query`. */
function problemsOf(
  { keyword, instancePath, message = '', params }: Issue,
  context: string | undefined,
): Problem[] {
  const parts = instancePath.split('/').filter((part) => part !== '')
  const path = context === 'querystring' ? ['query', ...parts] : parts
  if (keyword === 'unrecognized_keys' && Array.isArray(params.keys))
    return params.keys.map((key) => ({ path: [...path, String(key)].join('/'), message: 'unknown key' }))
  return [{ path: path.join('/'), message: message.replace(/^Invalid (?:input|option): /, '') }]
}
