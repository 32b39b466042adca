import { type Guest, guestOf, type Inventory } from '../../src/model/inventory.ts'
import { readSite, wholeSite } from '../../src/model/read-site.ts'
import { checkSite } from '../../src/model/rules.ts'
import { settleSite } from '../../src/model/settle.ts'

type Fields = Record<string, unknown>

/** The book's example as a site document; a test overrides only what matters to it. */
export const siteDocument = (over: Fields = {}): Fields => ({
  site: 'book',
  networks: [networkDocument()],
  servers: [serverDocument()],
  images: [imageDocument()],
  kernels: [kernelDocument()],
  hosts: [{ name: 'h1', machine: 'local', toolstack: 'xl' }],
  domains: [domainDocument()],
  ...over,
})

export const networkDocument = (over: Fields = {}): Fields => ({
  name: 'lan',
  cidr: '38.99.2.0/24',
  gateway: '38.99.2.1',
  bridge: 'xenbr0',
  range: '38.99.2.200-38.99.2.250',
  dns: ['38.99.2.1'],
  dhcpServer: '38.99.2.7',
  ...over,
})

export const serverDocument = (over: Fields = {}): Fields => ({
  name: 'filer',
  address: '38.99.2.7',
  kind: 'linux',
  machine: 'local',
  ...over,
})

export const imageDocument = (over: Fields = {}): Fields => ({
  name: 'slack',
  server: 'filer',
  path: '/usr/xen/images/slack',
  sharing: 'exclusive',
  ...over,
})

export const kernelDocument = (over: Fields = {}): Fields => ({
  name: 'nfsroot',
  path: '/boot/vmlinuz-nfsroot',
  type: 'pv',
  ...over,
})

export const domainDocument = (over: Fields = {}): Fields => ({
  name: 'menas',
  image: 'slack',
  network: 'lan',
  kernel: 'nfsroot',
  host: 'h1',
  memoryMiB: 256,
  vcpus: 1,
  address: '38.99.2.222',
  boot: 'static',
  ...over,
})

/** The inventory of a site document without mistakes; throws when it has one. */
export function inventoryOf(document: Fields = siteDocument()): Inventory {
  const { readable, problems } = readSite(document, { site: 'test' })
  const faults = [...problems, ...checkSite(readable)]
  if (faults.length > 0) throw new Error(`the document has mistakes: ${JSON.stringify(faults)}`)
  return settleSite(wholeSite(readable)).inventory
}

/** One guest of a site document: the first domain, or the named one. */
export function guestFrom(document: Fields = siteDocument(), name?: string): Guest {
  const inventory = inventoryOf(document)
  const [first] = inventory.domains.values()
  const domain = name === undefined ? first : inventory.domains.get(name)
  if (!domain) throw new Error(`no domain ${name}`)
  return guestOf(inventory, domain)
}
