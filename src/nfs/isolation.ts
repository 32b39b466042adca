import type { Problem } from '../model/problem.ts'
import type { Verdicts } from './checks.ts'
import type { WantedExport } from './entries.ts'
import { pathFact } from './facts.ts'
import type { ExportRequest } from './kind.ts'

const FIX =
  'give each image a file system of its own (an LV, a ZFS dataset, a loop file; btrfs subvolumes do not count)'

/**
 * Looks for guests that could reach what is not theirs: NFS keeps file systems apart, not directories.
 *
 * Whoever may write one directory of a file system can, with a forged file handle, read and write everything
 * on it; seen on knfsd and on ganesha. `isolation: refuse` turns the warnings into refusals.
 *
 * @see exports(5), subtree_check; linux 51b2ee7d006a ("only export entire filesystems")
 */
export function checkIsolation(request: ExportRequest, wanted: readonly WantedExport[]): Verdicts {
  const found = [...checkRoot(request, wanted), ...checkTrust(request, wanted)]
  return request.isolation === 'refuse'
    ? { warnings: [], problems: found }
    : { warnings: found, problems: [] }
}

function checkRoot({ server, facts }: ExportRequest, wanted: readonly WantedExport[]): Problem[] {
  const paths = new Set(
    wanted
      .map(({ path }) => path)
      .filter((path) => {
        const fact = pathFact(facts, path)
        return fact.kind === 'directory' && fact.isOnRoot
      }),
  )
  if (paths.size === 0) return []
  const message = `${some([...paths])} on ${server.name} ${paths.size === 1 ? 'lies' : 'lie'} on the file system of its /: a guest that forges file handles reaches all of the server; ${FIX}`
  return [{ path: `servers/${server.name}`, message }]
}

function checkTrust({ server, facts }: ExportRequest, wanted: readonly WantedExport[]): Problem[] {
  const byFileSystem = Map.groupBy(wanted, ({ path }) => {
    const fact = pathFact(facts, path)
    return fact.kind === 'directory' ? fact.fileSystem : ''
  })
  byFileSystem.delete('') // not known
  return [...byFileSystem.values()].flatMap((guests) => {
    const writer = guests.find(({ access }) => access === 'rw')
    if (writer === undefined) return []
    const trusts = new Set(guests.map(({ trust }) => trust))
    if (trusts.size < 2) return []
    const examples = [...trusts].map((trust) => guests.find((guest) => guest.trust === trust))
    const message = `guests of different trust share one file system of ${server.name}: ${some(examples.map((guest) => `${guest?.domain} (${guest?.trust ?? 'no trust given'}, ${guest?.path})`))}; the writer of one root there can forge file handles to the others; ${FIX}`
    return [{ path: `servers/${server.name}`, message }]
  })
}

function some(texts: readonly string[]): string {
  const rest = texts.length - 3
  return rest > 0 ? `${texts.slice(0, 3).join(', ')} and ${rest} more` : texts.join(', ')
}
