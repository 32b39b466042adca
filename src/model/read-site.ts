import type { z } from 'zod'
import { DomainSpec } from './domain.ts'
import { type Name, name } from './grammar.ts'
import { Host } from './host.ts'
import { Image } from './image.ts'
import { NOUNS, type Noun, type Site } from './inventory.ts'
import { describeGiven, problemsOf } from './issues.ts'
import { Kernel } from './kernel.ts'
import { Network } from './network.ts'
import type { Problem } from './problem.ts'
import { NfsServer } from './server.ts'

/** The schema of each noun: API, CLI, site file and store use the same one. */
export const SCHEMAS = {
  networks: Network,
  servers: NfsServer,
  images: Image,
  kernels: Kernel,
  hosts: Host,
  domains: DomainSpec,
} as const satisfies Record<Noun, z.ZodObject>

export type ResourceOf<N extends Noun> = z.infer<(typeof SCHEMAS)[N]>

/** One resource as far as it could be read: `value` lacks the fields that are wrong or absent. */
export interface Part<N extends Noun = Noun> {
  /** `networks/lan`, or `networks/0` when it has no usable name. */
  readonly path: string
  readonly value: Partial<ResourceOf<N>>
  /** The fields that are given but wrong: of these nothing can be said, while others are absent. */
  readonly unreadable: ReadonlySet<string>
}

/** A site document as far as it could be read: rules run on all of it. */
export type ReadableSite = { readonly [N in Noun]: readonly Part<N>[] } & { readonly site: Name }

export interface SiteReading {
  readonly readable: ReadableSite
  readonly problems: readonly Problem[]
}

/**
 * Reads a site document that came from YAML or JSON.
 *
 * Collects the mistakes of form of every part; `defaults.site` names the site when the document does not.
 */
export function readSite(document: unknown, defaults: { site: Name }): SiteReading {
  const problems: Problem[] = []
  const root = isRecord(document) ? document : {}
  if (!isRecord(document))
    problems.push({
      path: '',
      message: `a site document is a mapping with ${NOUNS.join(', ')}; this is ${describeGiven(document)}`,
    })
  for (const key of Object.keys(root))
    if (key !== 'site' && !NOUNS.some((noun) => noun === key))
      problems.push({ path: key, message: `unknown key; known: site, ${NOUNS.join(', ')}` })
  const parts = Object.fromEntries(NOUNS.map((noun) => [noun, readParts(noun, root[noun], problems)]))
  return {
    readable: { site: readSiteName(root.site, defaults.site, problems), ...parts } as ReadableSite,
    problems,
  }
}

/** Reads one resource, as `PUT /v1/NOUN/NAME` gives it. */
export function readResource<N extends Noun>(
  noun: N,
  value: unknown,
): { part: Part<N>; problems: Problem[] } {
  const problems: Problem[] = []
  return { part: readPart(noun, value, 0, problems), problems }
}

/** The site of a reading without problems. */
export function wholeSite(readable: ReadableSite): Site {
  return {
    site: readable.site,
    ...Object.fromEntries(NOUNS.map((noun) => [noun, readable[noun].map(({ value }) => value)])),
  } as Site // every part was read whole: the caller has seen that there are no problems
}

const NONE: ReadonlySet<string> = new Set()

function readSiteName(given: unknown, fallback: Name, problems: Problem[]): Name {
  if (given === undefined) return fallback
  const result = name.safeParse(given)
  if (result.success) return result.data
  problems.push(...problemsOf('site', given, result.error))
  return fallback
}

function readParts<N extends Noun>(noun: N, list: unknown, problems: Problem[]): Part<N>[] {
  if (list === undefined || list === null) return []
  if (Array.isArray(list)) return list.map((item, index) => readPart(noun, item, index, problems))
  problems.push({ path: noun, message: `must be a list; this is ${describeGiven(list)}` })
  return []
}

function readPart<N extends Noun>(noun: N, item: unknown, index: number, problems: Problem[]): Part<N> {
  const schema: z.ZodObject = SCHEMAS[noun]
  const result = schema.safeParse(item)
  if (result.success) {
    const value = result.data as Partial<ResourceOf<N>>
    return { path: `${noun}/${value.name}`, value, unreadable: NONE }
  }
  const named = isRecord(item) ? name.safeParse(item.name) : undefined
  const path = `${noun}/${named?.success ? named.data : index}`
  problems.push(...problemsOf(path, item, result.error, Object.keys(schema.shape)))
  const unreadable = new Set(
    result.error.issues.flatMap(({ path: [field] }) => (field === undefined ? [] : [String(field)])),
  )
  return { path, value: isRecord(item) ? readFields<N>(schema, item) : {}, unreadable }
}

/** What can be read of a resource that is wrong somewhere: each field on its own. */
function readFields<N extends Noun>(
  schema: z.ZodObject,
  item: Record<string, unknown>,
): Partial<ResourceOf<N>> {
  const fields: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(schema.shape)) {
    const result = (field as z.ZodType).safeParse(item[key])
    if (result.success && result.data !== undefined) fields[key] = result.data
  }
  return fields as Partial<ResourceOf<N>>
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
