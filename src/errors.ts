import type { Problem } from './model/problem.ts'

/** Every way domus can fail, with the HTTP status and exit code it maps to (interface: exit codes). */
export const ERRORS = {
  'invalid-input': { status: 400, exit: 2 },
  'not-found': { status: 404, exit: 1 },
  conflict: { status: 409, exit: 1 },
  busy: { status: 409, exit: 1 },
  refused: { status: 422, exit: 3 },
  'stale-plan': { status: 409, exit: 1 },
  unreachable: { status: 502, exit: 1 },
  'command-failed': { status: 502, exit: 1 },
  'apply-failed': { status: 502, exit: 1 },
  stuck: { status: 500, exit: 4 },
  unauthorized: { status: 401, exit: 1 },
  forbidden: { status: 403, exit: 1 },
  'precondition-failed': { status: 412, exit: 1 },
  internal: { status: 500, exit: 1 },
} as const

export type ErrorCode = keyof typeof ERRORS

/** The only error domus throws on purpose; anything else that reaches an edge is a bug and is shown as one. */
export class DomusError extends Error {
  override readonly name = 'DomusError'
  readonly code: ErrorCode
  /** All mistakes together, each with its path; empty when the message says it all. */
  readonly problems: readonly Problem[]

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; problems?: readonly Problem[] } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.problems = options.problems ?? []
  }
}

/** The form in which the CLI's `--json` and the HTTP API report an error (RFC 9457). */
export interface ProblemJson {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
  readonly errors: readonly Problem[]
}

/** Turns anything thrown into problem+json; `code` is 'internal' for what domus did not throw itself. */
export function problemJson(error: unknown): ProblemJson {
  const code = error instanceof DomusError ? error.code : 'internal'
  return {
    type: `urn:domus:${code}`,
    title: code.replaceAll('-', ' '),
    status: ERRORS[code].status,
    detail: describeError(error),
    code,
    errors: error instanceof DomusError ? error.problems : [],
  }
}

/** One line: the message and the messages of its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`
}
