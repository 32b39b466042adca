import { isDeepStrictEqual } from 'node:util'
import { DomusError } from '../errors.ts'
import type { Name } from '../model/grammar.ts'
import { type Inventory, NOUNS } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'
import { type Part, type ReadableSite, readSite, wholeSite } from '../model/read-site.ts'
import { checkSite } from '../model/rules.ts'
import { type Pinned, settleSite } from '../model/settle.ts'
import { checkInventory } from './check.ts'

/**
 * Turns the text of a site document (YAML or JSON) into plain data.
 *
 * @throws DomusError 'invalid-input' with line and column of every syntax error
 */
export async function parseSiteText(text: string, source: string): Promise<unknown> {
  const json = text.trimStart().startsWith('{') ? parseJson(text) : undefined
  if (json !== undefined) return json
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true })
  if (document.errors.length > 0)
    throw new DomusError('invalid-input', `${source} is not YAML`, {
      problems: document.errors.map(({ code, linePos, message }) => ({
        path: linePos ? `line ${linePos[0].line}, column ${linePos[0].col}` : '',
        message:
          code === 'MULTIPLE_DOCS'
            ? 'another document begins here; a site is one document'
            : message.replace(/ at line \d+, column \d+:?(?:\n.*)?$/s, ''),
      })),
    })
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new DomusError('invalid-input', `${source} cannot be read`, { cause }) // aliases that grow without end
  }
}

/** JSON is YAML too, but its own parser is many times faster; what it refuses, YAML's may explain. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not JSON: a YAML flow mapping, or a mistake that the YAML parser tells of by line
  }
}

export interface Stored {
  /** What is recorded already: stays where the document does not name it, and pins addresses. */
  readonly inventory: Inventory
  readonly prune: boolean
}

/**
 * Reads, checks and settles a site document.
 *
 * Rules run on every part that could be read, and all problems come together: those of the model on all of it,
 * those of the rooms above it on every guest that could be settled. With `stored`, the document is
 * laid over what is recorded: a resource it does not name stays (unless `prune`).
 */
export function checkDocument(
  document: unknown,
  options: { site: Name; stored?: Stored },
): { inventory: Inventory; problems: Problem[] } {
  const reading = readSite(document, { site: options.site })
  const site = options.stored ? layOver(reading.readable, options.stored) : reading.readable
  const faults = [...reading.problems, ...checkSite(site)]
  const settled = settleSite(
    wholeSite(faults.length === 0 ? site : soundParts(site, faults)),
    pinsOf(options.stored),
  )
  const inventory = keepSame(settled.inventory, options.stored?.inventory)
  // A full network may be the fault of another problem: then it is not told.
  const problems = [
    ...faults,
    ...(faults.length === 0 ? settled.problems : []),
    ...checkInventory(inventory, options.stored?.inventory),
  ]
  return {
    inventory,
    problems: problems.map((problem) => withOrigin(problem, reading.readable, options.stored)),
  }
}

/** Says of a problem that its resource is not in the document, where a user would look for it in vain. */
function withOrigin(problem: Problem, named: ReadableSite, stored: Stored | undefined): Problem {
  const [noun, name] = problem.path.split('/')
  const known = NOUNS.find((one) => one === noun)
  if (known === undefined || !stored?.inventory[known].has(name ?? '')) return problem
  if (named[known].some(({ value }) => value.name === name)) return problem
  return { ...problem, message: `${problem.message} (recorded, and not in this document)` }
}

/** Puts the recorded object in the place of every equal one: whoever compares them later is done at once. */
function keepSame(inventory: Inventory, stored: Inventory | undefined): Inventory {
  if (stored === undefined) return inventory
  const keep = (noun: (typeof NOUNS)[number]) =>
    new Map(
      [...inventory[noun]].map(([name, one]) => {
        const old = stored[noun].get(name)
        return [name, isDeepStrictEqual(old, one) ? old : one] as const
      }),
    )
  return { ...inventory, ...Object.fromEntries(NOUNS.map((noun) => [noun, keep(noun)])) } as Inventory
}

/** The same, for callers that need a site without mistakes. @throws DomusError 'invalid-input' with all problems */
export function requireDocument(...[document, options]: Parameters<typeof checkDocument>): Inventory {
  const { inventory, problems } = checkDocument(document, options)
  if (problems.length > 0) throw new DomusError('invalid-input', mistakes(problems), { problems })
  return inventory
}

export const mistakes = (problems: readonly Problem[]) =>
  `the site has ${problems.length} mistake${problems.length === 1 ? '' : 's'}; nothing was changed`

const NOTHING: ReadonlySet<string> = new Set()

function layOver(readable: ReadableSite, { inventory, prune }: Stored): ReadableSite {
  if (prune) return readable
  const lay = (noun: (typeof NOUNS)[number]) => {
    const named = new Set(readable[noun].map(({ value }) => value.name))
    const kept = [...inventory[noun].values()]
      .filter(({ name }) => !named.has(name))
      .map((value): Part => ({ path: `${noun}/${value.name}`, value, unreadable: NOTHING }))
    return [...kept, ...readable[noun]]
  }
  return {
    site: readable.site,
    ...Object.fromEntries(NOUNS.map((noun) => [noun, lay(noun)])),
  } as ReadableSite
}

/** The parts that have no problem and refer to none that has, so that more rules can run on them. */
function soundParts(site: ReadableSite, problems: readonly Problem[]): ReadableSite {
  const faulty = new Set(problems.map(({ path }) => path.split('/').slice(0, 2).join('/')))
  const isSound = (part: Part) => !faulty.has(part.path)
  const images = site.images.filter((part) => isSound(part) && !faulty.has(`servers/${part.value.server}`))
  const has = (list: readonly Part[], name: Name | undefined) =>
    name === undefined ? list.length === 1 : list.some(({ value }) => value.name === name)
  const sound = {
    networks: site.networks.filter(isSound),
    servers: site.servers.filter(isSound),
    kernels: site.kernels.filter(isSound),
    hosts: site.hosts.filter(isSound),
    images,
  }
  const domains = site.domains.filter(
    (part) =>
      isSound(part) &&
      has(sound.images, part.value.image) &&
      has(sound.networks, part.value.network) &&
      has(sound.kernels, part.value.kernel) &&
      has(sound.hosts, part.value.host),
  )
  return { site: site.site, ...sound, domains }
}

const pinsOf = (stored: Stored | undefined): ReadonlyMap<Name, Pinned> =>
  stored?.inventory.domains ?? new Map<Name, Pinned>()
