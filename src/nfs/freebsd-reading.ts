import { keyOf } from './entries.ts'
import type { Known, LiveExport, PathFact, ServerFacts } from './facts.ts'
import { readTagged } from './linux-reading.ts'

/**
 * Reads `showmount -e`: a heading, then a directory and its clients on each line; no options.
 *
 * `Everyone` is the world. Networks are printed as `10.0.0.0/8`, or by name.
 */
export function parseShowmount(lines: readonly string[]): LiveExport[] {
  return lines.flatMap((line) => {
    const [path = '', ...clients] = line.split(/\s+/).filter((word) => word !== '')
    if (!path.startsWith('/')) return []
    return clients
      .flatMap((word) => word.split(','))
      .filter((client) => client !== '')
      .map((client) => ({ path, client, options: new Set<string>() }))
  })
}

/**
 * Tells whether an entry is in such a table. mountd may show a client by the name that its address has in the
 * DNS: a path with a name among its clients is taken as exported.
 */
export function shownIn(table: readonly LiveExport[]): (entry: { path: string; client: string }) => boolean {
  const shown = new Set(table.map(keyOf))
  const named = new Set(table.filter(({ client }) => !/^[0-9.:/]+$/.test(client)).map(({ path }) => path))
  return (entry) => shown.has(keyOf(entry)) || named.has(entry.path)
}

/** The live table; unknown with what showmount said, when it said anything. */
export function readShowmount(stdout: string): Known<readonly LiveExport[]> {
  const tagged = readTagged(stdout)
  const complaint = tagged('l').join('; ')
  if (complaint !== '') return { kind: 'unknown', reason: `showmount -e localhost: ${complaint}` }
  return { kind: 'known', value: parseShowmount(tagged('L')) }
}

/** Reads what the look at a whole server printed; `paths` are those that were asked for. */
export function readLook(
  stdout: string,
  paths: readonly string[],
): Pick<ServerFacts, 'live' | 'paths' | 'appliance'> {
  const tagged = readTagged(stdout)
  const [appliance] = tagged('A')
  return {
    live: readShowmount(stdout),
    paths: readPaths(tagged, paths),
    ...(appliance === undefined ? {} : { appliance }),
  }
}

function readPaths(tagged: ReturnType<typeof readTagged>, paths: readonly string[]): Map<string, PathFact> {
  const types = new Map(
    tagged('T').map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  )
  const real = tagged('R')
  const mounts = tagged('D').flatMap((line) => {
    const [, mountPoint, type] = line.split(/\s+/)
    return mountPoint === undefined || type === undefined ? [] : [{ mountPoint, type }]
  })
  return new Map(
    paths.map((path, at): [string, PathFact] => {
      const realpath = real[at]
      const type = types.get(path)
      if (real.length !== paths.length || realpath === undefined)
        return [path, { kind: 'unknown', reason: 'realpath(1) did not answer' }]
      if (type === undefined || realpath === '') return [path, { kind: 'absent' }]
      if (type !== 'Directory') return [path, { kind: 'other', type: type.toLowerCase() }]
      const mount = mounts
        .filter(({ mountPoint }) => isBelow(realpath, mountPoint))
        .reduce((a, b) => (b.mountPoint.length >= a.mountPoint.length ? b : a), {
          mountPoint: '/',
          type: '?',
        })
      return [
        path,
        {
          kind: 'directory',
          realpath,
          fileSystem: mount.mountPoint,
          fileSystemType: mount.type,
          mountPoint: mount.mountPoint,
          isOnRoot: mount.mountPoint === '/',
        },
      ]
    }),
  )
}

const isBelow = (path: string, mountPoint: string) =>
  mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`)
