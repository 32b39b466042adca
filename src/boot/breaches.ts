import type { Name } from '../model/grammar.ts'
import { type Inventory, isWritable } from '../model/inventory.ts'
import type { ClaimFact } from './facts.ts'
import type { RunningDomain, RunningRoot } from './running-root.ts'

/** A domU that mounts a root which is not its own to write. */
export interface Breach {
  /** `SERVER:PATH`, as claims name it. */
  readonly root: string
  /** The intruder. */
  readonly domain: RunningDomain
  /** Whose the root is: by its claim, or by running there first. */
  readonly owner: { readonly domain: Name; readonly host: Name }
}

/**
 * Finds domUs on roots of others, such as one that was started by hand with `xl create`.
 *
 * A root that one may write is claimed by one domain on one host; `claims` are by root. What mounts it and is not
 * that one, breaks in. Where nobody has claimed it, the domain it is recorded for owns it, else the one that runs
 * longest. On a root that many share, only who writes it does.
 */
export function findBreaches(
  inventory: Inventory,
  claims: ReadonlyMap<string, ClaimFact>,
  running: readonly RunningDomain[],
): Breach[] {
  const recorded = ownersOf(inventory)
  const byRoot = Map.groupBy(
    running.filter(({ root }) => root !== undefined),
    ({ root }) => rootName(inventory, root),
  )
  return [...byRoot].flatMap(([root, domains]) => {
    if (root === undefined) return []
    const isPrivate = recorded.has(root) || claims.has(root)
    if (!isPrivate && !domains.some((one) => one.root?.isWritten === true)) return []
    const owner = claims.get(root) ?? ownerAmong(recorded.get(root), domains)
    if (owner === undefined) return []
    return domains
      .filter((one) => !isOwner(inventory, owner, one) && (isPrivate || one.root?.isWritten === true))
      .map((domain) => ({ root, domain, owner }))
  })
}

/** `SERVER:PATH` with the server's name; by its address when we have none of it. */
function rootName({ servers }: Inventory, root: RunningRoot | undefined): string | undefined {
  if (root === undefined) return undefined
  const server = [...servers.values()].find(({ address }) => address === root.server)
  return `${server?.name ?? root.server}:${root.path}`
}

function ownerAmong(recorded: Name | undefined, domains: readonly RunningDomain[]) {
  const byAge = domains.toSorted((one, other) => one.domid - other.domid)
  const owner =
    byAge.find(({ name }) => name === recorded) ??
    byAge.find(({ root: mounted }) => mounted?.isWritten === false) ??
    byAge[0]
  return owner && { domain: owner.name, host: owner.host }
}

/** The domains that writable roots are recorded for, by root. */
function ownersOf({ domains, images }: Inventory): ReadonlyMap<string, Name> {
  const owners = new Map<string, Name>()
  for (const { name, image: imageName } of domains.values()) {
    const image = images.get(imageName)
    if (image !== undefined && isWritable(image)) owners.set(`${image.server}:${image.path}`, name)
  }
  return owners
}

// While a guest migrates, its other half has its uuid and one of these names (xl_migrate.c).
const HALF = /--(?:incoming|migratedaway)$/

function isOwner(
  { domains }: Inventory,
  owner: Breach['owner'],
  { name, host, uuid }: RunningDomain,
): boolean {
  if (name === owner.domain && host === owner.host) return true
  return (
    HALF.test(name) && name.replace(HALF, '') === owner.domain && domains.get(owner.domain)?.uuid === uuid
  )
}
