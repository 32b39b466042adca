import { isDeepStrictEqual } from 'node:util'
import { DomusError } from '../errors.ts'
import type { Name } from '../model/grammar.ts'
import { type Guest, guestOf, type Inventory, NOUNS, type Noun } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'
import type { Claim, SiteFacts } from '../plan/facts.ts'
import { planFence } from '../plan/fence.ts'
import { planDestroy, planReboot, planStart, planStop } from '../plan/lifecycle.ts'
import { type Planned, planSite } from '../plan/site.ts'
import type { Preflight } from '../plan/view.ts'
import { listClaims } from '../store/claims.ts'
import { listFences } from '../store/fences.ts'
import { loadInventory } from '../store/inventory.ts'
import { type JournalMark, loadJournalMark } from '../store/operations.ts'
import type { App } from './app.ts'
import { mistakes, requireDocument } from './document.ts'
import { requireExpected } from './etag.ts'
import { gatherFacts } from './facts.ts'
import type { ChangeRequest } from './jobs.ts'
import { readersFor } from './kernels.ts'
import { planMove, planRepairOf } from './migrate.ts'
import { find } from './render.ts'
import { type Checked, checkKernels, checkStarts, forcedTitle } from './start-checks.ts'

/** A plan with what is locked while it is carried out. */
export interface PlannedChange extends Planned {
  /** What has one operation at a time: `site` for the inventory, `domain/NAME`. */
  readonly subjects: readonly string[]
  /** How far the journal was before the facts were gathered. */
  readonly since: JournalMark
  /** The guests that the plan starts. */
  readonly starts: readonly Guest[]
  /** What was checked before a guest moves. */
  readonly preflight?: Preflight
}

/** Turns what is asked for into a plan: load, check, gather facts, plan. Changes nothing. */
export async function planChange(app: App, request: ChangeRequest): Promise<PlannedChange> {
  const since = await loadJournalMark(app.store)
  const { inventory, revision, siteName } = await loadInventory(app.store, app.site)
  if ('expect' in request) requireExpected(inventory, request.expect)
  const claims = new Map((await listClaims(app.store)).map((claim) => [claim.domain, claim]))
  const fences = await listFences(app.store)
  const moment: Moment = { app, current: inventory, revision, siteName, claims, fences, since }
  switch (request.kind) {
    case 'apply': {
      const stored = { inventory, prune: request.prune === true }
      const wanted = requireDocument(request.document, { site: siteOf(moment), stored })
      requireSameSite(moment, wanted)
      return planInventory(moment, wanted, `apply site ${wanted.site}`, request.exports)
    }
    case 'create':
      return planCreate(moment, request)
    case 'delete':
      return planInventory(
        moment,
        without(moment, request.noun, request.name),
        `delete ${request.noun.slice(0, -1)} ${request.name}`,
      )
    case 'start':
    case 'stop':
    case 'reboot':
    case 'destroy':
      return planLifecycle(moment, request)
    case 'migrate':
      return alone(request.name, await planMove(moment, request), since)
    case 'repair':
      return alone(request.name, await planRepairOf(moment, request.name), since)
    case 'fence':
      return planFencing(moment, request)
  }
}

/** A change of one domain and nothing else. */
const alone = <P extends Planned>(name: Name, planned: P, since: JournalMark) => ({
  ...planned,
  subjects: [`domain/${name}`],
  since,
  starts: [],
})

interface Moment {
  readonly app: App
  readonly current: Inventory
  readonly revision: number
  readonly siteName: Name | undefined
  readonly claims: ReadonlyMap<Name, Claim>
  readonly fences: ReadonlyMap<Name, string>
  readonly since: JournalMark
}

// A store that nothing was recorded in has no name of its own yet.
const siteOf = ({ app, current }: Moment) => (hasResources(current) ? current.site : app.site)

const hasResources = (inventory: Inventory) => NOUNS.some((noun) => inventory[noun].size > 0)

/** Macs and uuids derive from the name of the site, and exports files carry it. */
function requireSameSite(moment: Moment, wanted: Inventory): void {
  if (wanted.site === siteOf(moment) || !hasResources(moment.current)) return
  const message = `is ${wanted.site}, but what is recorded here belongs to site ${moment.current.site}; use a state folder of its own (DOMUS_DATA) for each site`
  throw new DomusError('invalid-input', mistakes([{ path: 'site', message }]), {
    problems: [{ path: 'site', message }],
  })
}

async function planInventory(
  { app, current, revision, siteName, claims, fences, since }: Moment,
  wanted: Inventory,
  title: string,
  drift?: 'adopt' | 'overwrite',
  scope?: ReadonlySet<Name>,
): Promise<PlannedChange & { readonly facts: SiteFacts }> {
  const [seen, checked] = await Promise.all([
    gatherFacts(app, { current, wanted, claims, fences, exports: true, ...(scope && { scope }) }),
    checkKernels(app, changedGuests(current, wanted)),
  ])
  const facts = { ...seen, readers: await readersFor(app, guestsIn(wanted, scope)) }
  const planned = planSite({
    title,
    current,
    revision,
    siteName,
    wanted,
    facts,
    templates: app.templates,
    exports: { isolation: app.isolation, ...(drift && { drift }) },
    ...(scope && { scope }),
  })
  const subjects = subjectsOf(current, wanted)
  return withChecks({ ...planned, subjects, since, facts, starts: [] }, checked)
}

const guestsIn = (wanted: Inventory, scope: ReadonlySet<Name> | undefined): Guest[] =>
  [...wanted.domains.values()]
    .filter(({ name }) => scope?.has(name) !== false)
    .map((domain) => guestOf(wanted, domain))

/** A guest whose row changes, as far as its boot is concerned. */
const changedGuests = (current: Inventory, wanted: Inventory): Guest[] =>
  [...wanted.domains.values()]
    .filter((domain) => !isDeepStrictEqual(current.domains.get(domain.name), domain))
    .map((domain) => guestOf(wanted, domain))

const withChecks = <P extends PlannedChange>(change: P, { refusals, warnings }: Checked): P => ({
  ...change,
  plan: { ...change.plan, warnings: [...change.plan.warnings, ...warnings] },
  refusals: [...change.refusals, ...refusals],
})

/** The inventory as a whole, and every domain that changes or that uses what changes: its export may go. */
function subjectsOf(current: Inventory, wanted: Inventory): string[] {
  const names = new Set([...current.domains.keys(), ...wanted.domains.keys()])
  const guestIn = (inventory: Inventory, name: Name) => {
    const domain = inventory.domains.get(name)
    return domain === undefined ? undefined : guestOf(inventory, domain)
  }
  const changed = [...names].filter(
    (name) => !isDeepStrictEqual(guestIn(current, name), guestIn(wanted, name)),
  )
  return ['site', ...changed.map((name) => `domain/${name}`)]
}

async function planCreate(
  moment: Moment,
  { names, domain, start, force }: ChangeRequest & { kind: 'create' },
): Promise<PlannedChange> {
  const { app, current, revision } = moment
  const known = names.filter((name) => current.domains.has(name))
  if (known.length > 0) throw new DomusError('conflict', `domain ${known.join(', ')} already exists`)
  const document = { domains: names.map((name) => ({ ...domain, name })) }
  const wanted = requireDocument(document, {
    site: siteOf(moment),
    stored: { inventory: current, prune: false },
  })
  const title = forcedTitle(`create domain ${names.join(', ')} on ${String(domain.host)}`, force)
  const planned = await planInventory(moment, wanted, title, undefined, new Set(names))
  if (!start) return planned
  const starts = names.map((name) => guestOf(wanted, find(wanted, 'domains', name)))
  // The record step before them moves the inventory on by one.
  const links = await checkStarts(app, wanted, starts, {
    claims: { kind: 'known', value: moment.claims.values() },
    fences: moment.fences,
    force: force ?? [],
    isNew: true,
  })
  const parts = starts.map((guest) =>
    planStart(guest, { facts: planned.facts, revision: revision + 1, now: app.now().toISOString() }),
  )
  const change: PlannedChange = {
    ...planned,
    starts,
    plan: { ...planned.plan, steps: [...planned.plan.steps, ...parts.flatMap(({ plan }) => plan.steps)] },
    refusals: [...planned.refusals, ...parts.flatMap(({ refusals }) => refusals)],
  }
  return withChecks(change, links)
}

async function planLifecycle(
  { app, current, revision, claims, fences, since }: Moment,
  request: ChangeRequest & { kind: 'start' | 'stop' | 'reboot' | 'destroy' },
): Promise<PlannedChange> {
  const { kind, name } = request
  const guest = guestOf(current, find(current, 'domains', name))
  const scope = new Set([name])
  const facts = await gatherFacts(app, { current, wanted: current, scope, claims, fences, exports: false })
  const planners = { start: planStart, stop: planStop, reboot: planReboot, destroy: planDestroy }
  const planned = planners[kind](guest, { facts, revision, now: app.now().toISOString() })
  const change = alone(name, planned, since)
  if (request.kind !== 'start') return change
  const title = forcedTitle(change.plan.title, request.force)
  const links = await checkStarts(app, current, [guest], {
    claims: { kind: 'known', value: claims.values() },
    fences,
    force: request.force ?? [],
    isNew: false,
  })
  return withChecks({ ...change, plan: { ...change.plan, title }, starts: [guest] }, links)
}

async function planFencing(
  { app, current, revision, claims, fences, since }: Moment,
  { name, lift = false }: ChangeRequest & { kind: 'fence' },
): Promise<PlannedChange> {
  find(current, 'domains', name)
  const scope = new Set([name])
  const sight = { current, wanted: current, scope, claims, fences, exports: true }
  const facts = await gatherFacts(app, sight)
  const planned = planFence({
    inventory: current,
    name,
    lift,
    facts,
    revision,
    now: app.now().toISOString(),
    templates: app.templates,
    isolation: app.isolation,
  })
  return { ...planned, subjects: ['site', `domain/${name}`], since, starts: [] }
}

/** The inventory less one resource. @throws DomusError 'not-found', or 'conflict' when others refer to it */
function without({ current }: Moment, noun: Noun, name: Name): Inventory {
  find(current, noun, name)
  const users = usersOf(current, noun, name)
  if (users.length > 0)
    throw new DomusError(
      'conflict',
      `${noun.slice(0, -1)} ${name} is used by ${users.join(', ')}; delete these first`,
    )
  const rest = new Map<Name, unknown>(current[noun])
  rest.delete(name)
  return { ...current, [noun]: rest }
}

function usersOf({ images, domains }: Inventory, noun: Noun, name: Name): string[] {
  const field = noun.slice(0, -1) as 'network' | 'image' | 'kernel' | 'host'
  if (noun === 'domains') return []
  if (noun === 'servers')
    return [...images.values()].filter(({ server }) => server === name).map((one) => `image ${one.name}`)
  return [...domains.values()].filter((one) => one[field] === name).map((one) => `domain ${one.name}`)
}

/** @throws DomusError 'refused' when the plan must not, or cannot, be carried out */
export function requireSound({ plan, refusals, unknown }: PlannedChange): void {
  if (refusals.length > 0)
    throw new DomusError('refused', `${plan.title}: refused; nothing was changed`, { problems: refusals })
  if (plan.facts === 'known') return
  const problems: Problem[] = unknown.map((message) => ({ path: 'facts', message }))
  throw new DomusError(
    'unreachable',
    `${plan.title}: cannot look at everything it depends on; nothing was changed`,
    { problems },
  )
}
