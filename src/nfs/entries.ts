import { createHash } from 'node:crypto'
import { isIpv4, parseIpv4 } from '../model/address.ts'
import type { Name } from '../model/grammar.ts'
import { isPath } from '../model/grammar.ts'
import type { Inventory } from '../model/inventory.ts'
import { isWritable } from '../model/inventory.ts'
import type { NfsServer } from '../model/server.ts'
import type { ExportEntry } from '../plan/plan.ts'
import { pathFact, type ServerFacts } from './facts.ts'

/** An export with the nouns it comes from. */
export interface WantedExport extends ExportEntry {
  readonly image: Name
  readonly domain: Name
  readonly trust: Name | undefined
}

/**
 * Says what a server has to export: one entry per image and guest address, sorted by path and address.
 *
 * `before` are the entries in the file now: an export keeps the fsid it has, since another one would make
 * every handle stale.
 */
export function entriesOf(
  server: NfsServer,
  inventory: Inventory,
  facts?: ServerFacts,
  before: readonly ExportEntry[] = [],
): WantedExport[] {
  const fsidOf = fsidChooser(facts, before)
  const wanted: WantedExport[] = []
  for (const domain of inventory.domains.values()) {
    const image = inventory.images.get(domain.image)
    if (image === undefined || image.server !== server.name) continue
    const fsid = fsidOf(image.path)
    wanted.push({
      path: image.path,
      client: domain.address,
      access: isWritable(image) ? 'rw' : 'ro',
      ...(fsid === undefined ? {} : { fsid }),
      domain: domain.name,
      image: image.name,
      trust: domain.trust,
    })
  }
  return sortEntries(wanted)
}

function fsidChooser(facts: ServerFacts | undefined, before: readonly ExportEntry[]) {
  const kept = new Map(
    before.flatMap(({ path, fsid }) => (fsid === undefined ? [] : [[path, fsid] as const])),
  )
  return (path: string): string | undefined => {
    const old = kept.get(path)
    if (old !== undefined || facts === undefined) return old
    const fact = pathFact(facts, path)
    return fact.kind === 'directory' && needsFsid(fact.fileSystemType) ? fsidFor(path) : undefined
  }
}

// File systems without a UUID that outlives a reboot. @see exports(5), fsid=
const WITHOUT_UUID = /^(?:overlay|tmpfs|ramfs|fuse|fuseblk|fuse\..+|virtiofs|9p|squashfs|erofs|ecryptfs)$/

/** True when knfsd cannot name this kind of file system by itself, or not by the same name after a reboot. */
export const needsFsid = (fileSystemType: string) => WITHOUT_UUID.test(fileSystemType)

/** The fsid of a path: 32 hex digits that depend on nothing else. */
export const fsidFor = (path: string) =>
  createHash('sha256').update(`domus:${path}`).digest('hex').slice(0, 32)

/** Sorts by path, then by address as a number. */
export function sortEntries<T extends ExportEntry>(entries: readonly T[]): T[] {
  return entries
    .map((entry) => ({ entry, address: parseIpv4(entry.client) }))
    .sort((a, b) =>
      a.entry.path < b.entry.path ? -1 : a.entry.path > b.entry.path ? 1 : a.address - b.address,
    )
    .map(({ entry }) => entry)
}

/** What makes two exports the same one: the path and the client. A path holds no blanks. */
export const keyOf = ({ path, client }: { path: string; client: string }) => `${path} ${client}`

/** The entry without what only people need: what a step carries and a file says. */
export const bareEntry = ({ path, client, access, fsid, domain }: ExportEntry): ExportEntry => ({
  path,
  client,
  access,
  ...(fsid === undefined ? {} : { fsid }),
  ...(domain === undefined ? {} : { domain }),
})

const FSID = /^(?:[1-9]\d{0,8}|[0-9a-f]{32})$/

/** Why an entry must not be written anywhere; undefined when it may. */
export function entryFault({ path, client, access, fsid }: ExportEntry): string | undefined {
  if (!isPath(path)) return `the path ${JSON.stringify(path)} is not of the strict form`
  if (!isIpv4(client)) return `the client ${JSON.stringify(client)} is not one strict IPv4 address`
  if (access !== 'ro' && access !== 'rw') return `the access ${JSON.stringify(access)} is not ro or rw`
  if (fsid !== undefined && !FSID.test(fsid))
    return `the fsid ${JSON.stringify(fsid)} is not a small number above 0 or 32 hex digits`
  return undefined
}
