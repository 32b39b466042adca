import { contains, parseCidr, parseIpv4, parseRange } from './address.ts'
import { addressFault } from './allocate.ts'
import type { Name } from './grammar.ts'
import type { Noun } from './inventory.ts'
import { listed, type Problem } from './problem.ts'
import type { Part, ReadableSite } from './read-site.ts'

/**
 * Checks everything that one field alone cannot tell: references, addresses, doubles, roots.
 *
 * Runs on all that could be read; a missing or unreadable field is its own problem already and is passed over.
 */
export function checkSite(site: ReadableSite): Problem[] {
  return [
    ...checkNames(site),
    ...checkDomainNames(site),
    ...site.networks.flatMap((network) => checkNetwork(network)),
    ...checkReferences(site),
    ...checkImages(site),
    ...checkAddresses(site),
    ...checkDoubles(site, 'address'),
    ...checkDoubles(site, 'mac'),
    ...checkDoubles(site, 'uuid'),
    ...checkWritableRoots(site),
    ...checkServerAddresses(site),
  ]
}

function checkNames(site: ReadableSite): Problem[] {
  const nouns: readonly Noun[] = ['networks', 'servers', 'images', 'kernels', 'hosts', 'domains']
  return nouns.flatMap((noun) => {
    const seen = new Set<Name>()
    return site[noun].flatMap(({ value, path }) => {
      if (value.name === undefined) return []
      const isDouble = seen.has(value.name)
      seen.add(value.name)
      return isDouble
        ? [{ path: `${path}/name`, message: `${value.name} is there twice; a name is given once` }]
        : []
    })
  })
}

/** xl takes a name of digits only for the number of a domain, which may be another guest's (libxl_name_to_domid). */
const checkDomainNames = (site: ReadableSite): Problem[] =>
  site.domains.flatMap(({ path, value: { name } }) =>
    name !== undefined && /^\d+$/.test(name)
      ? [
          {
            path: `${path}/name`,
            message: `${name} is all digits, and xl would take it for the number of a domain; add a letter`,
          },
        ]
      : [],
  )

function checkNetwork({ path, value }: Part<'networks'>): Problem[] {
  const cidr = value.cidr === undefined ? undefined : parseCidr(value.cidr)
  if (cidr === undefined) return []
  const problems: Problem[] = []
  for (const field of ['gateway', 'dhcpServer'] as const) {
    const address = value[field]
    if (address === undefined) continue
    const at = parseIpv4(address)
    if (!contains(cidr, at))
      problems.push({ path: `${path}/${field}`, message: `${address} is not in ${value.cidr}` })
    else if (at === cidr.first || at === cidr.last)
      problems.push({
        path: `${path}/${field}`,
        message: `${address} is the ${at === cidr.first ? 'network' : 'broadcast'} address of ${value.cidr}`,
      })
  }
  const range = value.range === undefined ? undefined : parseRange(value.range)
  if (range && !(contains(cidr, range.first) && contains(cidr, range.last)))
    problems.push({ path: `${path}/range`, message: `${value.range} is not inside ${value.cidr}` })
  return problems
}

const REFERENCES = [
  ['images', 'server', 'servers'],
  ['domains', 'image', 'images'],
  ['domains', 'network', 'networks'],
  ['domains', 'kernel', 'kernels'],
  ['domains', 'host', 'hosts'],
] as const

function checkReferences(site: ReadableSite): Problem[] {
  return REFERENCES.flatMap(([noun, field, target]) => {
    const known = site[target].flatMap(({ value }) => (value.name === undefined ? [] : [value.name]))
    const names = new Set(known)
    const shown = listed(known)
    return site[noun].flatMap(({ path, value, unreadable }) => {
      const given = (value as Record<string, unknown>)[field]
      if (typeof given === 'string') {
        if (names.has(given)) return []
        return [
          {
            path: `${path}/${field}`,
            message: `there is no ${singular(target)} ${given}; known: ${shown}`,
          },
        ]
      }
      if (unreadable.has(field) || site[target].length === 1) return []
      const choice = known.length === 0 ? `the site has no ${target}` : `choose one of ${shown}`
      return [{ path: `${path}/${field}`, message: `is missing; ${choice}` }]
    })
  })
}

const singular = (noun: Noun) => noun.slice(0, -1)

function checkImages(site: ReadableSite): Problem[] {
  const problems: Problem[] = site.images.flatMap(({ path, value }) =>
    value.sharing === 'clone'
      ? [
          {
            path: `${path}/sharing`,
            message:
              'clone is not built yet; use exclusive for one domain, or shared for many read-only ones',
          },
        ]
      : [],
  )
  // By address: two servers of one address are one machine with one file system.
  const addresses = new Map(site.servers.map(({ value }) => [value.name, value.address]))
  const sorted = site.images
    .flatMap(({ path, value: { name, server, path: directory } }) =>
      name !== undefined && server !== undefined && directory !== undefined
        ? [{ path, name, server, place: addresses.get(server) ?? server, directory }]
        : [],
    )
    .sort((a, b) => compare(`${a.place}:${a.directory}/`, `${b.place}:${b.directory}/`))
  const above: typeof sorted = []
  for (const image of sorted) {
    const isBelow = (other: (typeof sorted)[number]) =>
      other.place === image.place && `${image.directory}/`.startsWith(`${other.directory}/`)
    while (above.length > 0 && !isBelow(above[above.length - 1] ?? image)) above.pop()
    const parent = above[above.length - 1]
    if (parent)
      problems.push({
        path: `${image.path}/path`,
        message:
          parent.directory === image.directory
            ? `${image.server}:${image.directory} is the path of image ${parent.name} already; one directory is one image`
            : `${image.server}:${image.directory} lies inside image ${parent.name} (${parent.directory}); who may mount one would reach the other`,
      })
    above.push(image)
  }
  return problems
}

function checkAddresses(site: ReadableSite): Problem[] {
  const networks = new Map(site.networks.map(({ value }) => [value.name, value]))
  const only = site.networks.length === 1 ? site.networks[0]?.value : undefined
  const servers = site.servers.flatMap(({ value: { name, address } }) =>
    name !== undefined && address !== undefined
      ? [{ name, address, kind: 'linux' as const, machine: 'local' }]
      : [],
  )
  return site.domains.flatMap(({ path, value }) => {
    const network = value.network === undefined ? only : networks.get(value.network)
    if (value.address === undefined || network?.cidr === undefined) return []
    const fault = addressFault(
      { ...EMPTY_NETWORK, ...network, cidr: network.cidr, name: network.name ?? '?' },
      servers,
      value.address,
    )
    return fault === undefined ? [] : [{ path: `${path}/address`, message: fault }]
  })
}

const EMPTY_NETWORK = { bridge: '', dns: [], ntp: [], dhcp: 'off' as const, leaseSeconds: 0, options: {} }

function checkDoubles(site: ReadableSite, field: 'address' | 'mac' | 'uuid'): Problem[] {
  const owner = new Map<string, string>()
  return site.domains.flatMap(({ path, value }) => {
    const given = value[field]
    if (given === undefined) return []
    const other = owner.get(given)
    if (other === undefined) owner.set(given, path)
    return other === undefined
      ? []
      : [{ path: `${path}/${field}`, message: `${given} is that of ${other} already` }]
  })
}

function checkWritableRoots(site: ReadableSite): Problem[] {
  const exclusive = new Map(
    site.images.flatMap(({ value }) => (value.sharing === 'exclusive' ? [[value.name, value] as const] : [])),
  )
  const owner = new Map<Name, string>()
  return site.domains.flatMap(({ path, value: { image } }) => {
    if (image === undefined || !exclusive.has(image)) return []
    const other = owner.get(image)
    if (other === undefined) owner.set(image, path)
    return other === undefined
      ? []
      : [
          {
            path: `${path}/image`,
            message: `the writable root ${image} belongs to ${other} already; give this domain an image of its own, or make the image shared (read-only)`,
          },
        ]
  })
}

/** A guest in another network than its server needs a way out. */
function checkServerAddresses(site: ReadableSite): Problem[] {
  const networks = new Map(site.networks.map((part) => [part.value.name, part]))
  const images = new Map(site.images.map(({ value }) => [value.name, value]))
  const servers = new Map(site.servers.map(({ value }) => [value.name, value]))
  const only = site.networks.length === 1 ? site.networks[0] : undefined
  return site.domains.flatMap(({ path, value }) => {
    const network = value.network === undefined ? only : networks.get(value.network)
    const server = servers.get(images.get(value.image)?.server)
    const cidr = network?.value.cidr === undefined ? undefined : parseCidr(network.value.cidr)
    if (!network || !cidr || server?.address === undefined || network.value.gateway !== undefined) return []
    if (network.unreadable.has('gateway') || contains(cidr, parseIpv4(server.address))) return []
    return [
      {
        path: `${path}/network`,
        message: `NFS server ${server.name} (${server.address}) is outside ${network.value.cidr}, and network ${network.value.name} has no gateway`,
      },
    ]
  })
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
