import type { Ipv4 } from '../model/grammar.ts'
import { splitAddress } from './ip-param.ts'
import { type Fault, fail, splitOptions } from './outcome.ts'

/** Where the kernel mounts its root from, once the network is up. */
export interface NfsRoot {
  readonly path: string
  /** All options in order: the kernel's default, option 17's, nfsroot='s, and what the kernel adds. */
  readonly options: readonly string[]
  readonly faults: readonly Fault[]
}

const DEFAULT_PATH = '/tftpboot/%s'

/** Splits the value of the last nfsroot=, as nfs_root_setup does. @see fs/nfs/nfsroot.c */
export function parseNfsrootParam(value: string): { server: Ipv4 | undefined; pathAndOptions: string } {
  const text = /^[/,0-9]/.test(value) ? value : DEFAULT_PATH.replace('%s', () => value)
  const split = splitAddress(text)
  return { server: split?.address, pathAndOptions: split?.rest ?? text }
}

export interface NfsRootParts {
  /** Option 17 without its server. */
  readonly rootPath: string | undefined
  /** nfsroot= without its server; undefined when there is none. */
  readonly nfsroot: string | undefined
  readonly server: Ipv4
  /** What a `%s` in the path stands for. */
  readonly nodename: string
  /** CONFIG_NFS_V2=y makes it the default. */
  readonly defaultVersion: '2' | '3' | '4'
}

/** Puts path and options together: option 17 first, then nfsroot=, whose path wins. @see fs/nfs/nfsroot.c: root_nfs_data */
export function joinNfsRoot(parts: NfsRootParts): NfsRoot {
  let path = DEFAULT_PATH
  let options = `vers=${parts.defaultVersion},tcp,rsize=4096,wsize=4096`
  for (const source of [parts.rootPath, parts.nfsroot]) {
    if (source === undefined || source === '') continue
    const comma = source.indexOf(',')
    const name = comma < 0 ? source : source.slice(0, comma)
    if (name !== '' && name !== 'default') path = name
    if (comma >= 0 && comma < source.length - 1) options += `,${source.slice(comma + 1)}`
  }
  options += `,nolock,addr=${parts.server}`
  const named = substitute(path, parts.nodename)
  return {
    path: named.path,
    options: splitOptions(options),
    faults: [...named.faults, ...lengthFaults(options, named.path, parts.server)],
  }
}

const OPTIONS_BUFFER = 256
const PATH_BUFFER = 1025 // NFS_MAXPATHLEN + 1

function lengthFaults(options: string, path: string, server: Ipv4): Fault[] {
  const faults: Fault[] = []
  if (options.length >= OPTIONS_BUFFER) {
    faults.push(
      fail(
        `${options.length} bytes of NFS options do not fit into the kernel's ${OPTIONS_BUFFER}: "Root-NFS: mount options string too long"`,
        'use fewer or shorter nfsOptions',
      ),
    )
  }
  if (`${server}:${path}`.length >= PATH_BUFFER) {
    faults.push(
      fail(`the path is ${path.length} bytes: "Root-NFS: root device name too long."`, 'use a shorter path'),
    )
  }
  return faults
}

/** The path is a printf format with one argument, the node name: one `%s` is meant, `%%` is a percent sign. */
function substitute(path: string, nodename: string): { path: string; faults: Fault[] } {
  const conversions = path.match(/%./gs)?.filter((one) => one !== '%%') ?? []
  const isOdd = path.replaceAll('%%', '').endsWith('%') || conversions.some((one) => one !== '%s')
  const faults =
    isOdd || conversions.length > 1
      ? [
          fail(
            `the kernel takes the path ${path} as a printf format with one %s`,
            'leave all other % out of the path',
          ),
        ]
      : []
  return { path: path.replace('%s', () => nodename).replaceAll('%%', '%'), faults }
}
