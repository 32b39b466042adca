import { DomusError } from '../errors.ts'
import { CHECKS } from '../migration/check.ts'
import { checkMove } from '../migration/preflight.ts'
import type { Name } from '../model/grammar.ts'
import { type Guest, guestOf, type Inventory, isWritable } from '../model/inventory.ts'
import type { Claim } from '../plan/facts.ts'
import { planMigrate } from '../plan/migrate.ts'
import { planRepair } from '../plan/repair.ts'
import type { Planned } from '../plan/site.ts'
import type { Preflight } from '../plan/view.ts'
import type { App } from './app.ts'
import type { ChangeRequest } from './jobs.ts'
import { readersFor } from './kernels.ts'
import { gatherMigrationFacts, lookAt, readConfig } from './migration-facts.ts'
import { hintsOf } from './migration-hints.ts'
import { find } from './render.ts'

/** What both jobs are planned from. */
export interface MigrationMoment {
  readonly app: App
  readonly current: Inventory
  readonly revision: number
  readonly claims: ReadonlyMap<Name, Claim>
}

/** Checks a move and plans it. @throws DomusError 'not-found', or 'invalid-input' for a check that there is not */
export async function planMove(
  { app, current, claims }: MigrationMoment,
  { name, host, force = [] }: ChangeRequest & { kind: 'migrate' },
): Promise<Planned & { readonly preflight: Preflight }> {
  const guest = guestOf(current, find(current, 'domains', name))
  const to = find(current, 'hosts', host)
  requireChecks(force)
  const facts = await gatherMigrationFacts(app, guest, to, { kind: 'known', value: holderOf(guest, claims) })
  const checks = checkMove({ guest, to, facts })
  const claim = claims.get(name)
  const now = app.now().toISOString()
  const planned = planMigrate({ guest, to, facts, checks, force, claim, templates: app.templates, now })
  const preflight = {
    domain: name,
    from: guest.host.name,
    to: to.name,
    ok: planned.refusals.length === 0,
    checks,
  }
  return { ...planned, preflight }
}

function requireChecks(force: readonly string[]): void {
  const wrong = force.filter((name) => !CHECKS.some((check) => check === name))
  if (wrong.length === 0) return
  throw new DomusError('invalid-input', `there is no check ${wrong.join(', ')}; known: ${CHECKS.join(', ')}`)
}

/** Whoever holds the guest's root. */
function holderOf({ image, server }: Guest, claims: ReadonlyMap<Name, Claim>): Claim | undefined {
  const root = `${server.name}:${image.path}`
  return [...claims.values()].find((claim) => claim.root === root)
}

/** Looks for the guest's copies on every host, and plans what puts it right. @throws DomusError 'not-found' */
export async function planRepairOf(
  { app, current, claims, revision }: MigrationMoment,
  name: Name,
): Promise<Planned> {
  const guest = guestOf(current, find(current, 'domains', name))
  const hosts = [...current.hosts.values()]
  const [looks, configs, hints, readers] = await Promise.all([
    Promise.all(hosts.map(async (host) => [host.name, await lookAt(app, host, guest)] as const)),
    Promise.all(hosts.map(async (host) => [host.name, await readConfig(app, host, name)] as const)),
    hintsOf(app, name),
    readersFor(
      app,
      hosts.map((host) => ({ ...guest, host })),
    ),
  ])
  const holder = isWritable(guest.image) ? holderOf(guest, claims) : undefined
  return planRepair({
    guest,
    hosts: current.hosts,
    looks: new Map(looks),
    configs: new Map(configs),
    claim: claims.get(name),
    holder: holder?.domain === name ? undefined : holder,
    hints,
    readers,
    templates: app.templates,
    revision,
    now: app.now().toISOString(),
  })
}
