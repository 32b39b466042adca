import type { ImageFact, ServerFact } from '../../boot/facts.ts'
import type { RunningDomain } from '../../boot/running-root.ts'
import type { Name } from '../../model/grammar.ts'
import type { Guest } from '../../model/inventory.ts'
import type { NfsServer } from '../../model/server.ts'
import type { Known, ServerFacts } from '../../nfs/facts.ts'
import type { Tools } from '../app.ts'
import { gatherExportFacts } from '../exports-facts.ts'
import { notAsked } from './ask.ts'
import type { HostLook } from './hosts.ts'
import { imageKey, wantedInit } from './images.ts'
import { tryMount } from './mount-probe.ts'
import { askServer } from './server-ports.ts'

/** What each NFS server exports, and the paths of the guests' images on it. */
export async function gatherServers(tools: Tools, guests: readonly Guest[]): Promise<Map<Name, ServerFacts>> {
  const servers = new Map(guests.map(({ server }) => [server.name, server]))
  const look = async (server: NfsServer) => {
    const paths = new Set(
      guests.flatMap((guest) => (guest.server.name === server.name ? [guest.image.path] : [])),
    )
    return [server.name, await gatherExportFacts(tools.machines(server.machine), server, [...paths])] as const
  }
  return new Map(await Promise.all([...servers.values()].map(look)))
}

/** What a look at a server's ports depends on: from where, and which server. */
export const portsKey = ({ host, server }: Guest) => `${host.name} ${server.address}`

/** Asked from the guest's host, once that has shown to be one: from there the guest's packets will go. */
export async function gatherPorts(
  tools: Tools,
  guests: readonly Guest[],
  hosts: ReadonlyMap<Name, HostLook>,
): Promise<Map<string, Known<ServerFact>>> {
  const pairs = new Map(guests.map((guest) => [portsKey(guest), guest]))
  const asked = [...pairs].map(async ([key, { host, server }]) => {
    const info = hosts.get(host.name)?.info ?? notAsked
    if (info.kind === 'unknown')
      return [
        key,
        {
          kind: 'unknown' as const,
          reason: `${server.address} is asked from host ${host.name}: ${info.reason}`,
        },
      ] as const
    return [key, await askServer(tools.machines(host.machine), server.address)] as const
  })
  return new Map(await Promise.all(asked))
}

type Lookup = ServerFact['lookup']

/** What a server answered, with what the guest's own mount came to. */
export const withLookup = (fact: Known<ServerFact>, lookup: Lookup | undefined): Known<ServerFact> =>
  fact.kind === 'unknown' || lookup === undefined ? fact : { kind: 'known', value: { ...fact.value, lookup } }

/** Mounts the roots of the guests that run nowhere, each from its own host, as far as their servers answer there. */
export async function gatherLookups(
  tools: Tools,
  guests: readonly Guest[],
  seen: {
    readonly running: readonly RunningDomain[]
    readonly ports: ReadonlyMap<string, Known<ServerFact>>
    readonly images: ReadonlyMap<string, ImageFact>
  },
): Promise<Map<Name, Lookup>> {
  const isRunning = ({ domain }: Guest) =>
    seen.running.some(
      ({ name, uuid, macs }) => name === domain.name || uuid === domain.uuid || macs.includes(domain.mac),
    )
  const asked = guests
    .filter((guest) => seen.ports.get(portsKey(guest))?.kind === 'known' && !isRunning(guest))
    .map(async (guest): Promise<[Name, Lookup]> => {
      const tree = seen.images.get(imageKey(guest))?.tree
      const init = (tree?.kind === 'known' ? tree.value.init : undefined) ?? wantedInit(guest) ?? '/sbin/init'
      return [guest.domain.name, await tryMount(tools.machines(guest.host.machine), guest, init)]
    })
  return new Map(await Promise.all(asked))
}
