/**
 * A model of how FreeBSD's mountd reads exports(5): what each line exports, and which lines it would not take.
 *
 * Made from the man page and mountd.c; the unit of an export is the file system, not the directory.
 */

export interface MountdExport {
  /** First physical line, from 1. */
  readonly line: number
  readonly directories: readonly string[]
  /** Sorted, without the leading `-`; `network=…` and `mask=…` are clients, not options. */
  readonly options: readonly string[]
  /** Hosts, netgroups and `network …`; empty lets in the world. */
  readonly clients: readonly string[]
  /** Where they all lie; undefined when not known. */
  readonly fileSystem: string | undefined
}

export interface MountdFault {
  readonly line: number
  /** The other line it clashes with, when there is one. */
  readonly with?: number
  readonly message: string
}

export interface MountdReading {
  readonly exports: readonly MountdExport[]
  readonly faults: readonly MountdFault[]
}

/** Reads a whole exports file; `fileSystemOf` tells where a directory lies, undefined when not known. */
export function readMountd(
  text: string,
  fileSystemOf: (directory: string) => string | undefined,
): MountdReading {
  const exports: MountdExport[] = []
  const faults: MountdFault[] = []
  for (const { line, fields } of logicalLines(text)) {
    const read = readLine(line, fields, fileSystemOf)
    if ('message' in read) faults.push(read)
    else if (read.directories.length > 0) exports.push(read)
  }
  return { exports, faults: [...faults, ...clashes(exports)] }
}

// A backslash before the newline joins lines, also in comments (get_line in mountd.c).
function* logicalLines(text: string): Generator<{ line: number; fields: string[] }> {
  let joined = ''
  let first = 1
  for (const [at, physical] of text.split('\n').entries()) {
    if (joined === '') first = at + 1
    if (physical.endsWith('\\')) {
      joined += `${physical.slice(0, -1)} `
      continue
    }
    const fields = `${joined}${physical}`.split(/[ \t\r]+/).filter((field) => field !== '')
    joined = ''
    if (fields.length > 0 && !fields[0]?.startsWith('#')) yield { line: first, fields }
  }
}

function readLine(
  line: number,
  fields: readonly string[],
  fileSystemOf: (directory: string) => string | undefined,
): MountdExport | MountdFault {
  const directories: string[] = []
  const options: string[] = []
  const hosts: string[] = []
  const networks: string[] = []
  if (fields[0] === 'V4:') return { line, directories, options, clients: [], fileSystem: undefined }
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at] ?? ''
    if (field.startsWith('-network')) networks.push(field.includes('=') ? field : `${field}=${fields[++at]}`)
    else if (field.startsWith('-mask'))
      networks.push(field.includes('=') ? field : `${field}=${fields[++at]}`)
    else if (field.startsWith('-')) options.push(field.slice(1))
    else if (!field.startsWith('/')) hosts.push(field)
    else if (options.length + hosts.length + networks.length > 0)
      return { line, message: `the directory ${field} comes after options or hosts` }
    else directories.push(field)
  }
  if (directories.length === 0) return { line, message: 'the line names no directory' }
  if (hosts.length > 0 && networks.length > 0)
    return { line, message: 'network/host conflict: -network and hosts on one line' }
  const known = new Set(directories.map(fileSystemOf).filter((one) => one !== undefined))
  if (known.size > 1) return { line, message: 'fsid mismatch: its directories lie on several file systems' }
  const clients = networks.length > 0 ? [networks.join(' ')] : hosts
  return { line, directories, options: options.sort(), clients, fileSystem: [...known][0] }
}

/** "A host may be specified only once for each local file system on the server" (exports(5)). */
function clashes(exports: readonly MountdExport[]): MountdFault[] {
  const first = new Map<string, MountdExport>()
  return exports.flatMap((entry) => {
    if (entry.fileSystem === undefined) return []
    return (entry.clients.length > 0 ? entry.clients : ['the world']).flatMap((client) => {
      const key = `${entry.fileSystem} ${client}`
      const other = first.get(key)
      if (other === undefined) {
        first.set(key, entry)
        return []
      }
      const message = `${client} is there twice for one file system: ${other.directories.join(' ')} and ${entry.directories.join(' ')}`
      return [{ line: entry.line, with: other.line, message }]
    })
  })
}
