import type { Domain, DomainSpec } from './domain.ts'
import type { Name } from './grammar.ts'
import type { Host } from './host.ts'
import type { Image } from './image.ts'
import type { Kernel } from './kernel.ts'
import type { Network } from './network.ts'
import type { NfsServer } from './server.ts'

/** A site document that was read: every noun in the order of the document. */
export interface Site {
  readonly site: Name
  readonly networks: readonly Network[]
  readonly servers: readonly NfsServer[]
  readonly images: readonly Image[]
  readonly kernels: readonly Kernel[]
  readonly hosts: readonly Host[]
  readonly domains: readonly DomainSpec[]
}

/** The nouns, in the order in which they refer to each other; also the keys of a site document. */
export const NOUNS = ['networks', 'servers', 'images', 'kernels', 'hosts', 'domains'] as const
export type Noun = (typeof NOUNS)[number]

/** What there is: a checked site with every domain settled, by name. */
export interface Inventory {
  readonly site: Name
  readonly networks: ReadonlyMap<Name, Network>
  readonly servers: ReadonlyMap<Name, NfsServer>
  readonly images: ReadonlyMap<Name, Image>
  readonly kernels: ReadonlyMap<Name, Kernel>
  readonly hosts: ReadonlyMap<Name, Host>
  readonly domains: ReadonlyMap<Name, Domain>
}

/** One domain with all it refers to: what renderers, verifiers and planners work on. */
export interface Guest {
  readonly site: Name
  readonly domain: Domain
  readonly network: Network
  readonly server: NfsServer
  readonly image: Image
  readonly kernel: Kernel
  readonly host: Host
}

/** Gathers what a domain refers to; a checked inventory has it all. */
export function guestOf(inventory: Inventory, domain: Domain): Guest {
  const image = mustHave(inventory.images, domain.image, 'image')
  return {
    site: inventory.site,
    domain,
    image,
    network: mustHave(inventory.networks, domain.network, 'network'),
    server: mustHave(inventory.servers, image.server, 'server'),
    kernel: mustHave(inventory.kernels, domain.kernel, 'kernel'),
    host: mustHave(inventory.hosts, domain.host, 'host'),
  }
}

/** True when the guest may write its root: one owner at any time. */
export const isWritable = (image: Image) => image.sharing !== 'shared'

/** A guest's root as claims and people name it: `SERVER:PATH`. */
export const rootOf = ({ server, image }: Pick<Guest, 'server' | 'image'>) => `${server.name}:${image.path}`

function mustHave<T>(map: ReadonlyMap<Name, T>, key: Name, noun: string): T {
  const value = map.get(key)
  if (value === undefined) throw new Error(`inventory without ${noun} ${key}: it was not checked`)
  return value
}
