import { DomusError } from '../errors.ts'
import type { Name } from '../model/grammar.ts'
import { type Guest, guestOf, type Inventory, NOUNS, type Noun } from '../model/inventory.ts'
import type { SiteFacts } from '../plan/facts.ts'
import { planStart } from '../plan/lifecycle.ts'
import { changesBetween, planSite } from '../plan/site.ts'
import { mistakes, requireDocument } from './document.ts'
import { gatherFacts } from './facts.ts'
import type { ChangeRequest } from './jobs.ts'
import { readersFor } from './kernels.ts'
import { type Moment, type PlannedChange, withChecks } from './planned-change.ts'
import { find } from './render.ts'
import { checkKernels, checkStarts, forcedTitle } from './start-checks.ts'

// Changes of the inventory, and of all that follows from it: apply, create, delete.

/** The inventory becomes what a document says. */
export async function planApply(
  moment: Moment,
  { document, prune = false, exports }: ChangeRequest & { kind: 'apply' },
): Promise<PlannedChange> {
  const wanted = requireDocument(document, {
    site: siteOf(moment),
    stored: { inventory: moment.current, prune },
  })
  requireSameSite(moment, wanted)
  return planInventory(moment, wanted, `apply site ${wanted.site}`, exports)
}

/** One resource goes. @throws DomusError 'not-found', or 'conflict' when others refer to it */
export const planDelete = (moment: Moment, { noun, name }: ChangeRequest & { kind: 'delete' }) =>
  planInventory(moment, without(moment, noun, name), `delete ${noun.slice(0, -1)} ${name}`)

/** New domains, started when asked. @throws DomusError 'conflict' for those that there are */
export async function planCreate(
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
  const changes = changesBetween(current, wanted)
  const changed: Changed = new Set(changes.map(({ noun, name }) => `${noun}/${name}`))
  const [seen, checked] = await Promise.all([
    gatherFacts(app, { current, wanted, claims, fences, exports: true, ...(scope && { scope }) }),
    checkKernels(app, changedGuests(wanted, changed)),
  ])
  const facts = { ...seen, readers: await readersFor(app, guestsWithInitrd(wanted, scope)) }
  const planned = planSite({
    title,
    current,
    revision,
    siteName,
    wanted,
    changes,
    facts,
    templates: app.templates,
    exports: { isolation: app.isolation, ...(drift && { drift }) },
    ...(scope && { scope }),
  })
  const subjects = ['site', ...touchedDomains(current, wanted, changed).map((name) => `domain/${name}`)]
  return withChecks({ ...planned, subjects, since, facts, starts: [] }, checked)
}

/** The guests whose command lines depend on what reads them. */
const guestsWithInitrd = (wanted: Inventory, scope: ReadonlySet<Name> | undefined): Guest[] =>
  [...wanted.domains.values()]
    .filter(
      ({ name, kernel }) => scope?.has(name) !== false && wanted.kernels.get(kernel)?.initrd !== undefined,
    )
    .map((domain) => guestOf(wanted, domain))

/** What changes, as `NOUN/NAME`. */
type Changed = ReadonlySet<string>

/** The guests whose kernels are to be judged: they change themselves, or the kernel does, or the host it lies on. */
const changedGuests = (wanted: Inventory, changed: Changed): Guest[] =>
  [...wanted.domains.values()]
    .filter(
      ({ name, kernel, host }) =>
        changed.has(`domains/${name}`) || changed.has(`kernels/${kernel}`) || changed.has(`hosts/${host}`),
    )
    .map((domain) => guestOf(wanted, domain))

/** Every domain that changes or that uses what changes: its export may go. Under another name of the site, all. */
function touchedDomains(current: Inventory, wanted: Inventory, changed: Changed): Name[] {
  const names = new Set([...current.domains.keys(), ...wanted.domains.keys()])
  if (current.site !== wanted.site) return [...names]
  return [...names].filter((name) => {
    const domain = wanted.domains.get(name)
    if (domain === undefined || changed.has(`domains/${name}`)) return true
    return (
      changed.has(`networks/${domain.network}`) ||
      changed.has(`servers/${wanted.images.get(domain.image)?.server}`) ||
      changed.has(`images/${domain.image}`) ||
      changed.has(`kernels/${domain.kernel}`) ||
      changed.has(`hosts/${domain.host}`)
    )
  })
}

/** The inventory less one resource. */
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
