import type { Noun } from '../model/inventory.ts'
import { loadInventory } from '../store/inventory.ts'
import type { App } from './app.ts'
import { gatherHost } from './facts.ts'
import type { ResourceView } from './jobs.ts'

/** All resources of a noun; domains with the state that their hosts tell now. */
export async function listResources(app: App, noun: Noun): Promise<ResourceView[]> {
  const { inventory } = await loadInventory(app.store, app.site)
  const views = [...inventory[noun].values()].map((spec) => ({ noun, name: spec.name, spec: { ...spec } }))
  if (noun !== 'domains' || views.length === 0) return views
  const used = new Set([...inventory.domains.values()].map(({ host }) => host))
  const hosts = [...inventory.hosts.values()].filter(({ name }) => used.has(name))
  const running = new Map(
    await Promise.all(
      hosts.map(
        async (host) =>
          [host.name, (await gatherHost(app.machines(host.machine), host, [])).running] as const,
      ),
    ),
  )
  return [...inventory.domains.values()].map((spec) => {
    const here = running.get(spec.host)
    const state = here === undefined ? 'unknown' : here.has(spec.name) ? 'running' : 'stopped'
    return { noun, name: spec.name, spec: { ...spec }, state }
  })
}
