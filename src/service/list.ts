import type { Domain } from '../model/domain.ts'
import type { Name } from '../model/grammar.ts'
import type { Noun } from '../model/inventory.ts'
import type { HostFacts } from '../plan/facts.ts'
import { loadInventory } from '../store/inventory.ts'
import type { App } from './app.ts'
import { gatherHost } from './facts.ts'
import type { ResourceView } from './jobs.ts'

/** All resources of a noun; domains with the state that the hosts tell now. */
export async function listResources(app: App, noun: Noun): Promise<ResourceView[]> {
  const { inventory } = await loadInventory(app.store, app.site)
  const views = [...inventory[noun].values()].map((spec) => ({ noun, name: spec.name, spec: { ...spec } }))
  if (noun !== 'domains' || views.length === 0) return views
  const running = new Map(
    await Promise.all(
      [...inventory.hosts.values()].map(
        async (host) =>
          [host.name, (await gatherHost(app.machines(host.machine), host, [])).running] as const,
      ),
    ),
  )
  const placesOf = openPlaces(running)
  return [...inventory.domains.values()].map((spec) => {
    const state = stateOf(spec, placesOf(spec), running.get(spec.host) === undefined)
    return { noun, name: spec.name, spec: { ...spec }, state }
  })
}

interface Place {
  readonly host: Name
  readonly name: string
}

/** Finds every copy of a domain by its uuid, on whatever host and under whatever name. */
function openPlaces(running: ReadonlyMap<Name, HostFacts['running']>) {
  const byUuid = new Map<string, Place[]>()
  for (const [host, domains] of running)
    for (const { name, uuid } of domains?.values() ?? [])
      byUuid.set(uuid, [...(byUuid.get(uuid) ?? []), { host, name }])
  return ({ uuid }: Domain) => byUuid.get(uuid) ?? []
}

/** `half-migrated`: more than one copy, or one under a name of the way; domus repair puts it right. */
function stateOf({ name, host }: Domain, places: readonly Place[], isSilent: boolean): string {
  const [place, ...others] = places
  if (place === undefined) return isSilent ? 'unknown' : 'stopped'
  if (others.length > 0 || place.name !== name) return 'half-migrated'
  return place.host === host ? 'running' : `running on ${place.host}`
}
