import type { NfsServer } from '../model/server.ts'
import { unknownFacts } from '../nfs/facts.ts'
import { nfsKinds } from '../nfs/kinds.ts'
import type { PlanPart, SiteChange } from './site.ts'

/** Plans the exports of every server that has some, or had: each kind knows how. */
export function planExports(change: SiteChange): PlanPart & { readonly unknown: readonly string[] } {
  const parts = serversOf(change).map((server) =>
    nfsKinds[server.kind].plan({
      server,
      templates: change.templates,
      inventory: change.wanted,
      current: change.current,
      facts: change.facts.servers.get(server.name) ?? unknownFacts(`nobody has looked at ${server.name}`),
      isolation: change.exports.isolation,
      drift: change.exports.drift ?? 'stop',
    }),
  )
  return {
    steps: parts.flatMap(({ steps }) => steps),
    warnings: parts.flatMap(({ warnings }) => warnings),
    refusals: parts.flatMap(({ problems }) => problems),
    unknown: parts.flatMap(({ unknown }) => unknown),
  }
}

function serversOf({ current, wanted }: SiteChange): NfsServer[] {
  const used = new Set(
    [current, wanted].flatMap(({ domains, images }) =>
      [...domains.values()].map(({ image }) => images.get(image)?.server),
    ),
  )
  const gone = [...current.servers.values()].filter(({ name }) => !wanted.servers.has(name))
  return [...wanted.servers.values(), ...gone].filter(({ name }) => used.has(name))
}
