import { isIpv4 } from '../model/address.ts'
import type { Name } from '../model/grammar.ts'
import type { ExportEntry } from '../plan/plan.ts'
import { entryFault } from './entries.ts'
import { frame, parseFramed } from './framed.ts'
import type { FileVerdict, Owner } from './kind.ts'
import { findBlock, withBlock } from './managed-block.ts'
import { checked } from './print.ts'

/** mountd's own file; ours is a block in it. */
export const EXPORTS_FILE = '/etc/exports'

const HOSTS_PER_LINE = 64

/** The block alone, as it stands in /etc/exports; empty without entries. */
export function renderBlock(owner: Owner, entries: readonly ExportEntry[]): string {
  return withBlock('', { kind: 'none' }, owner.site, renderBody(owner, entries))
}

/** What stands between the markers. */
export function renderBody(owner: Owner, entries: readonly ExportEntry[]): string {
  return entries.length === 0 ? '' : frame('exports/freebsd', owner, linesOf(checked(entries)).join('\n'))
}

/** One line per directory and access, with all its addresses. @see FreeBSD's exports(5) */
function linesOf(entries: readonly ExportEntry[]): string[] {
  const groups = Map.groupBy(
    entries,
    ({ path, access }) => `${path}${access === 'ro' ? ' -ro' : ''} -maproot=0`,
  )
  return [...groups].flatMap(([start, members]) => {
    const lines: string[] = []
    for (let at = 0; at < members.length; at += HOSTS_PER_LINE)
      lines.push([start, ...members.slice(at, at + HOSTS_PER_LINE).map(({ client }) => client)].join(' '))
    return lines
  })
}

/** Reads our block out of the whole file; a file without one is ours to put one into. */
export function parseExportsFile(text: string, site: Name): FileVerdict {
  const found = findBlock(text, site)
  switch (found.kind) {
    case 'none':
      return { kind: 'ours', entries: [] }
    case 'broken':
      return { kind: 'not-ours', reason: found.reason, entries: [], lines: [] }
    case 'found':
      return parseFramed(found.body, site, readLine)
  }
}

const LINE = /^(\/\S+)( -ro)? -maproot=0((?: [0-9.]+)+)$/

function readLine(line: string): ExportEntry[] | undefined {
  const [, path = '', ro, hosts = ''] = LINE.exec(line) ?? []
  const clients = hosts.split(' ').filter((host) => host !== '')
  if (clients.length === 0 || !clients.every(isIpv4)) return undefined
  const entries = clients.map((client) => ({
    path,
    client,
    access: ro === undefined ? ('rw' as const) : ('ro' as const),
  }))
  return entries.some((entry) => entryFault(entry) !== undefined) ? undefined : entries
}
