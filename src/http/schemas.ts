import { z } from 'zod'
import { ERRORS, type ErrorCode, type ProblemJson } from '../errors.ts'
import { CHECKS } from '../migration/check.ts'
import { name } from '../model/grammar.ts'
import { NOUNS, type Noun } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'
import { SCHEMAS } from '../model/read-site.ts'
import type { PlanView } from '../plan/view.ts'
import type { BootEvent, OperationSummary, OperationView, VerifyView } from '../service/jobs.ts'

/**
 * What a value looks like whose own schema does not say so: bodies that are left to the jobs, which find all mistakes
 * at once, with the paths of the site; switches in a query.
 */
export const described = new WeakMap<z.core.$ZodType, z.ZodType>()

/** Takes what `base` takes, described as `schema`. */
function describedAs<T extends z.ZodType>(schema: z.ZodType, base: T): T {
  described.set(base, schema)
  return base
}

/** A switch in a query: `true` or `false`, off when absent. */
export function flag(description: string) {
  const form = z.boolean().default(false).meta({ description })
  return describedAs(form, z.stringbool({ error: 'must be true or false' }).default(false))
}

/**
 * The forms of the answers, for the OpenAPI document. Answers are typed by TypeScript and written as they are:
 * these are not run against them, except in the tests.
 */

const problem: z.ZodType<Problem> = z.object({ path: z.string(), message: z.string() })

const problemDocument: z.ZodType<ProblemJson> = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(ERRORS) as ErrorCode[]), // the keys of a Record are its key type
  errors: z.array(problem),
})

const step = z.object({
  kind: z.enum(['write', 'remove', 'run', 'export', 'start', 'stop', 'migrate', 'copy', 'mend', 'record']),
  machine: z.string(),
  on: z.string().exactOptional(),
  path: z.string().exactOptional(),
  argv: z.array(z.string()).exactOptional(),
  diff: z.string().exactOptional().meta({ description: 'unified diff of the file' }),
  rows: z
    .array(z.object({ action: z.enum(['+', '~', '-']), noun: z.string(), name: z.string() }))
    .exactOptional(),
})

/** Only of a migration. */
const preflight = {
  domain: z.string().exactOptional(),
  from: z.string().exactOptional(),
  to: z.string().exactOptional(),
  ok: z.boolean().exactOptional().meta({ description: 'nothing speaks against it' }),
  checks: z
    .array(
      z.object({
        check: z.enum(CHECKS),
        status: z.enum(['ok', 'warn', 'fail', 'unknown']),
        detail: z.string(),
        fix: z.string().exactOptional(),
      }),
    )
    .exactOptional(),
}

const planForm = z.object({
  title: z.string(),
  facts: z.enum(['known', 'unknown']),
  changes: z.int(),
  steps: z.array(step),
  warnings: z.array(problem),
  ...preflight,
})
export const plan: z.ZodType<PlanView> = planForm

const bootEvent = z.object({
  boot: z.string(),
  stage: z.string(),
  at: z.iso.datetime(),
  detail: z.string().exactOptional(),
})
export const timeline: z.ZodType<readonly BootEvent[]> = z.array(bootEvent)

const boot = z.object({
  domain: z.string(),
  ok: z.boolean(),
  stage: z.string(),
  stages: z.array(bootEvent),
  cause: z.string().exactOptional(),
})

export const outcome: z.ZodType<OperationView> = z.object({
  ...planForm.shape,
  steps: z.array(step.extend({ result: z.string() })),
  operation: z.string(),
  outcome: z.enum(['done', 'rolled-back', 'stuck']),
  error: z.string().exactOptional(),
  notes: z.array(z.string()).exactOptional().meta({ description: 'what came of it, such as figures' }),
  boot: boot.exactOptional(),
})

const summary = z.object({
  id: z.string(),
  title: z.string(),
  state: z.string(),
  who: z.string(),
  started: z.string(),
  finished: z.string().exactOptional(),
  detail: z.string().exactOptional(),
  steps: z.array(z.object({ step: z.string(), state: z.string(), error: z.string().exactOptional() })),
})

/** An operation, with the run that carries it out where that is this process's. */
export type OperationAnswer = OperationSummary & {
  readonly run?: {
    readonly seen: number
    readonly lines: readonly string[]
    readonly result?: OperationView
    readonly problem?: ProblemJson
  }
}
export const operation: z.ZodType<OperationAnswer> = summary.extend({
  run: z
    .object({
      seen: z.int().meta({ description: 'lines so far: give it as `seen` to get only later ones' }),
      lines: z.array(z.string()),
      result: outcome.exactOptional(),
      problem: problemDocument.exactOptional(),
    })
    .exactOptional()
    .meta({ description: 'present while the service carries it out, and for a while after' }),
})
export const operations: z.ZodType<readonly OperationAnswer[]> = z.array(operation)

export const accepted = z
  .object({
    operation: z.string(),
    links: z.object({ operation: z.string(), events: z.string() }),
  })
  .meta({ description: 'it has begun' })

const link = z.object({
  link: z.enum(['kernel', 'cmdline', 'config', 'dhcp', 'export', 'image', 'server', 'host', 'claim']),
  status: z.enum(['ok', 'warn', 'fail', 'unknown']),
  detail: z.string(),
  fix: z.string().exactOptional(),
})
export const verdict: z.ZodType<VerifyView> = z.object({
  domain: z.string(),
  ok: z.boolean(),
  links: z.array(link),
})
export const verdicts: z.ZodType<readonly VerifyView[]> = z.array(verdict)

/** A text, or a stream of it. */
export const text: z.ZodType<unknown> = z.string()

const state = z.string().exactOptional().meta({ description: 'what its host says; read only' })

/** A resource as it is given: its name is in the address. */
const givenForm = byNoun((noun) => {
  const schema: z.ZodObject = SCHEMAS[noun]
  return schema.extend({ name: name.optional(), ...(noun === 'domains' && { state }) })
})
export const given = byNoun((noun) => describedAs(givenForm[noun], z.unknown()))
/** What many domains have in common. */
export const givenDomain = describedAs(givenForm.domains, z.record(z.string(), z.unknown()))

/** A resource as it is answered. */
export const resource: Readonly<Record<Noun, z.ZodType<unknown>>> = byNoun((noun) => {
  const schema: z.ZodObject = SCHEMAS[noun]
  return noun === 'domains' ? schema.extend({ state }) : schema
})

/** A site document; everything in it may be left out. */
export const site: z.ZodType<unknown> = z.object({
  site: name.optional(),
  ...byNoun((noun) => z.array(SCHEMAS[noun]).optional()),
})

/** A site document as it is given. */
export const givenSite = describedAs(site, z.unknown())

function byNoun<T>(make: (noun: Noun) => T): Record<Noun, T> {
  return Object.fromEntries(NOUNS.map((noun) => [noun, make(noun)])) as Record<Noun, T>
}

/** What the OpenAPI document has names for. */
const NAMED = {
  Problem: problemDocument,
  Plan: plan,
  Outcome: outcome,
  Operation: operation,
  Verdict: verdict,
}
for (const [id, schema] of Object.entries(NAMED)) z.globalRegistry.add(schema, { id })
