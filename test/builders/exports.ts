import type { Inventory } from '../../src/model/inventory.ts'
import type { NfsServer } from '../../src/model/server.ts'
import { entriesOf } from '../../src/nfs/entries.ts'
import type { LiveExport, PathFact, ServerFacts } from '../../src/nfs/facts.ts'
import type { ExportRequest } from '../../src/nfs/kind.ts'
import { nfsKinds } from '../../src/nfs/kinds.ts'
import { optionsOf } from '../../src/nfs/linux-file.ts'
import type { ExportEntry } from '../../src/plan/plan.ts'
import { domainDocument, imageDocument, inventoryOf, serverDocument, siteDocument } from './site.ts'
import { templatesWith } from './templates.ts'

export const templates = templatesWith()
export const owner = { site: 'book', templates }

/** A directory on a file system of its own, away from `/`. */
export const directory = (
  realpath: string,
  over: Partial<PathFact & { kind: 'directory' }> = {},
): PathFact => ({
  kind: 'directory',
  realpath,
  fileSystem: `8:${realpath}`,
  fileSystemType: 'ext4',
  mountPoint: realpath,
  isOnRoot: false,
  ...over,
})

export const known = <T>(value: T) => ({ kind: 'known' as const, value })

export const liveExport = (path: string, client: string, options: string): LiveExport => ({
  path,
  client,
  options: new Set(options.split(',')),
})

export const liveOf = (entry: ExportEntry) => liveExport(entry.path, entry.client, optionsOf(entry))

/** A server on which all is known: every image is a directory, nobody else exports, no guest runs. */
export const factsOf = (inventory: Inventory, over: Partial<ServerFacts> = {}): ServerFacts => ({
  file: { kind: 'absent' },
  kept: { kind: 'absent' },
  live: known([]),
  others: known({ exports: [], complaint: '' }),
  paths: new Map([...inventory.images.values()].map(({ path }) => [path, directory(path)])),
  running: known(new Set<string>()),
  ...over,
})

/** The same, with the exports of an inventory in the file and in the live table. */
export function exportedFacts(inventory: Inventory, over: Partial<ServerFacts> = {}): ServerFacts {
  const server = serverIn(inventory)
  const entries = entriesOf(server, inventory)
  const content = nfsKinds[server.kind].render({ site: inventory.site, templates }, entries)
  return factsOf(inventory, {
    file: { kind: 'file', content, mode: 0o644 },
    live: known(entries.map(liveOf)),
    ...over,
  })
}

export function serverIn(inventory: Inventory, name = 'filer'): NfsServer {
  const server = inventory.servers.get(name)
  if (!server) throw new Error(`no server ${name}`)
  return server
}

/** A request for the whole inventory; a test overrides what matters to it. */
export const request = (inventory: Inventory, over: Partial<ExportRequest> = {}): ExportRequest => ({
  server: serverIn(inventory),
  inventory,
  templates,
  facts: factsOf(inventory),
  isolation: 'warn',
  drift: 'stop',
  ...over,
})

/** A site of domains `[name, image, address, trust?]` on exclusive images, and the given shared ones. */
export function siteOf(
  domains: readonly (readonly [name: string, image: string, address: string, trust?: string | undefined])[],
  {
    shared = [],
    kind = 'linux',
    folder = '/usr/xen/images',
  }: { shared?: readonly string[]; kind?: string; folder?: string } = {},
): Inventory {
  const images = [...new Set(domains.map(([, image]) => image))].map((name) =>
    imageDocument({
      name,
      path: `${folder}/${name}`,
      sharing: shared.includes(name) ? 'shared' : 'exclusive',
    }),
  )
  return inventoryOf(
    siteDocument({
      servers: [serverDocument({ kind })],
      images,
      domains: domains.map(([name, image, address, trust]) =>
        domainDocument({ name, image, address, ...(trust !== undefined && { trust }) }),
      ),
    }),
  )
}

export const book = siteOf([['menas', 'slack', '38.99.2.222']])
