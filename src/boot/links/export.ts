import { contains, isIpv4, parseCidr, parseIpv4 } from '../../model/address.ts'
import { type Guest, isWritable } from '../../model/inventory.ts'
import { needsFsid } from '../../nfs/entries.ts'
import type { LiveExport } from '../../nfs/facts.ts'
import { type ExportIndex, indexOf } from '../export-index.ts'
import type { BootFacts } from '../facts.ts'
import type { Link } from '../link.ts'
import { type Fault, fail as fault, warn } from '../outcome.ts'
import { judgeOf, worst } from './judge.ts'

const { ok, fail, unknown } = judgeOf('export')
const FIX = 'domus apply exports it'

/** The server's live table admits exactly this guest's address to its root, with the access it needs, and nobody else writes there. */
export function exportLink(guest: Guest, { exports, image: { path }, fencedSince }: BootFacts): Link {
  const { domain, server, image } = guest
  if (fencedSince !== undefined) {
    return fail(
      `${domain.name} is fenced since ${fencedSince}: nothing is exported to it`,
      `once no other copy of it runs: domus fence --lift ${domain.name}`,
    )
  }
  if (exports.kind === 'unknown') return unknown(exports.reason)
  const root = `${server.name}:${image.path}`
  if (path.kind === 'directory' && path.realpath !== image.path) {
    return fail(
      `${root} is a link to ${path.realpath}, and the server exports only real paths`,
      `set the path of the image to ${path.realpath}`,
    )
  }
  const table = indexOf(exports.value)
  const here = table.at(image.path)
  const own = admitting(here, domain.address)
  if (own === undefined) return notAdmitted(guest, here, root)
  const bad = worst('export', [
    ...optionFaults(guest, own),
    ...fsidFaults(guest, own, path),
    ...widthFaults(own, root, domain.address),
    ...strangerFaults(guest, here, own),
    ...overlapFaults(table, root, image.path),
  ])
  return bad ?? ok(`${root} to ${domain.address} is exported ${isWritable(image) ? 'rw' : 'ro'}`)
}

const EVERYBODY = ['*', '', '0.0.0.0/0']

/** What the server would choose for an address: its own entry before a network's, and that before everybody's. */
function admitting(here: readonly LiveExport[], address: string): LiveExport | undefined {
  const isNetwork = ({ client }: LiveExport) => {
    const cidr = parseCidr(client)
    return cidr !== undefined && contains(cidr, parseIpv4(address))
  }
  return (
    here.find(({ client }) => client === address) ??
    here.find((one) => !EVERYBODY.includes(one.client) && isNetwork(one)) ??
    here.find(({ client }) => EVERYBODY.includes(client))
  )
}

function notAdmitted({ domain: { address }, image }: Guest, here: readonly LiveExport[], root: string): Link {
  if (here.length === 0) return fail(`${root} is not exported`, FIX)
  const to = here.map(({ client }) => client).join(', ')
  const named = here.find(({ client }) => !isIpv4(client) && parseCidr(client) === undefined)
  if (named !== undefined) {
    return unknown(
      `${root} is exported to ${to}: whether ${named.client} means ${address}, only the server knows`,
    )
  }
  // An apply is refused as long as somebody else may write a writable root.
  const writer = isWritable(image) ? here.find(({ options }) => options.has('rw')) : undefined
  const before = writer === undefined ? '' : `exportfs -u '${writer.client}:${writer.path}', then `
  return fail(`${root} is exported to ${to}, not to ${address}`, `${before}${FIX}`)
}

/** Only Linux shows all options of what it exports; elsewhere no news is good news. */
function optionFaults({ server, image, domain }: Guest, { options }: LiveExport): Fault[] {
  const writes = isWritable(image)
  const isLinux = server.kind === 'linux'
  const what = `${server.name}:${image.path} to ${domain.address}`
  const sec = [...options].find((option) => option.startsWith('sec='))
  return [
    writes &&
      (options.has('ro') || (isLinux && !options.has('rw'))) &&
      fault(`${what} is exported read-only, and the guest writes its root`, FIX),
    isLinux &&
      !options.has('no_root_squash') &&
      fault(
        `${what} is exported without no_root_squash: root in the guest could not read its own files`,
        FIX,
      ),
    sec !== undefined &&
      !sec.slice('sec='.length).split(':').includes('sys') &&
      fault(`${what} is exported with ${sec}, and a guest has no Kerberos before its root`, FIX),
    !writes && options.has('rw') && warn(`${what} is exported rw, and the guest needs ro`, FIX),
  ].filter((found) => found !== false)
}

function fsidFaults(
  { server, image }: Guest,
  { options }: LiveExport,
  path: BootFacts['image']['path'],
): Fault[] {
  if (server.kind !== 'linux' || path.kind !== 'directory' || !needsFsid(path.fileSystemType)) return []
  if ([...options].some((option) => option.startsWith('fsid='))) return []
  return [
    fault(
      `${server.name}:${image.path} lies on ${path.fileSystemType} and is exported without fsid=: the server cannot name it`,
      FIX,
    ),
  ]
}

const widthFaults = ({ client }: LiveExport, root: string, address: string): Fault[] =>
  client === address
    ? []
    : [warn(`${root} is exported to ${client || 'everybody'}, not to ${address} alone`, FIX)]

/** Others at the same directory: who may write there can destroy the root. */
function strangerFaults({ server, image }: Guest, here: readonly LiveExport[], own: LiveExport): Fault[] {
  const writers = here.filter((one) => one !== own && one.options.has('rw'))
  const [first] = writers
  if (first === undefined) return []
  const message = `${server.name}:${image.path} is exported rw to ${writers.map(({ client }) => client).join(', ')} as well`
  const fix = `if that line is not yours to edit, end it: exportfs -u '${first.client}:${image.path}'`
  return [isWritable(image) ? fault(message, fix) : warn(message, fix)]
}

/** A parent's export lets others into this root; a child's shows through it. */
function overlapFaults(table: ExportIndex, root: string, path: string): Fault[] {
  const other = table.overlapping(path)
  if (other === undefined) return []
  const side = other.path.startsWith(`${path}/`) ? 'above' : 'inside'
  return [
    warn(
      `${root} lies ${side} ${other.path}, which is exported to ${other.client || 'everybody'}`,
      "take that line out of the server's exports, or move the image",
    ),
  ]
}
