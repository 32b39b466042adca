import type { Dialect } from '../boot/cmdline.ts'
import type { Domain } from '../model/domain.ts'
import type { MachineAddress, Name } from '../model/grammar.ts'
import type { Guest } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'
import type { ServerFacts } from '../nfs/facts.ts'
import type { DomainOnHost } from '../toolstack/toolstack.ts'
import type { FileFact } from './plan.ts'

/** Who owns a writable root, as the store has it. */
export interface Claim {
  /** `SERVER:PATH`. */
  readonly root: string
  readonly domain: Name
  readonly host: Name
  readonly generation: number
  readonly since: string
}

/** What is known of a dom0. */
export interface HostFacts {
  /** The domUs it has now, by name; undefined when it cannot be asked. */
  readonly running: ReadonlyMap<Name, DomainOnHost> | undefined
  /** Whether systemd runs there. */
  readonly systemd: boolean
}

/** What the planners must know of the world. */
export interface SiteFacts {
  /** By {@link fileKey}; a file that nobody looked at is not in it. */
  readonly files: ReadonlyMap<string, FileFact>
  readonly hosts: ReadonlyMap<Name, HostFacts>
  readonly servers: ReadonlyMap<Name, ServerFacts>
  /** By domain. */
  readonly claims: ReadonlyMap<Name, Claim>
  /** Who reads the command line of guests with an initrd, by {@link kernelPlace}; as declared where absent. */
  readonly readers?: ReadonlyMap<string, Dialect>
  /** Domains that are cut off from their roots, with since when; none when absent. */
  readonly fences?: ReadonlyMap<Name, string>
  /** What could not be looked at, each at its host or server; empty when all is known. */
  readonly unknown: readonly Problem[]
}

/** A kernel on a host: the same kernel may be another file elsewhere. */
export const kernelPlace = ({ host, kernel }: Guest): string => `${host.name} ${kernel.name}`

export const fileKey = (machine: MachineAddress, path: string) => `${machine} ${path}`

export const fileFact = (facts: SiteFacts, machine: MachineAddress, path: string): FileFact =>
  facts.files.get(fileKey(machine, path)) ?? {
    kind: 'unknown',
    reason: `nobody looked at ${machine} ${path}`,
  }

/** All that runs under a domain's name, uuid or MAC, on every host that was asked: they reach its root by one address. */
export const copiesOf = (
  domain: Pick<Domain, 'name' | 'uuid' | 'mac'>,
  { hosts }: Pick<SiteFacts, 'hosts'>,
) =>
  [...hosts].flatMap(([host, { running }]) =>
    [...(running?.values() ?? [])]
      .filter(
        ({ name, uuid, vifs }) =>
          name === domain.name || uuid === domain.uuid || vifs.some(({ mac }) => mac === domain.mac),
      )
      .map(({ name, uuid, domid }) => ({ host, name, uuid, domid })),
  )
