import { createHash } from 'node:crypto'
import type { ExportEntry } from '../plan/plan.ts'
import type { NfsKind, Owner } from './kind.ts'
import { checked, planForPerson } from './print.ts'

/** nfs-ganesha: its EXPORT blocks are printed for a person; domus writes and reloads nothing. */
export const ganesha: NfsKind = {
  path: undefined,
  render: renderBlocks,
  parse: () => ({ kind: 'not-ours', reason: 'domus keeps no file on such a server', entries: [], lines: [] }),
  plan: (request) =>
    planForPerson(request, renderBlocks, [
      'put the blocks below into a file that ganesha.conf names by %include',
      'let ganesha read it: systemctl reload nfs-ganesha; a bad block would take its export away without an error, so look at the log',
      'try it: domus verify NAME',
    ]),
}

function renderBlocks({ site, templates }: Owner, entries: readonly ExportEntry[]): string {
  const byPath = Map.groupBy(checked(entries), ({ path }) => path)
  const ids = exportIds([...byPath.keys()])
  const exports = [...byPath].map(([path, clients]) => ({
    id: ids.get(path) ?? 0,
    path,
    clients: clients.map(({ client, access }) => ({
      address: client,
      access: access === 'ro' ? ('RO' as const) : ('RW' as const),
    })),
  }))
  return templates.render('exports/ganesha', { site, exports })
}

const IDS = 65535 // Export_Id is 16 bits wide, and 0 is the pseudo root

/**
 * Gives each path an Export_Id that depends on the path alone, as far as there is room: another id means
 * another file handle. Of paths that meet at one id the first in order keeps it, the others take the next.
 */
export function exportIds(paths: readonly string[]): Map<string, number> {
  const ids = new Map<string, number>()
  const taken = new Set<number>()
  for (const path of [...paths].sort()) {
    if (taken.size === IDS) throw new RangeError(`ganesha has ${IDS} export ids, and all are taken`)
    let id = (createHash('sha256').update(path).digest().readUInt32BE(0) % IDS) + 1
    while (taken.has(id)) id = (id % IDS) + 1
    taken.add(id)
    ids.set(path, id)
  }
  return ids
}
