import { parseExportTable, withEtab } from './exportfs-table.ts'
import type { Known, LiveExport, OthersExports, PathFact, ServerFacts } from './facts.ts'

/** The lines of a script's output by the letter they begin with. @see linux-scripts.ts */
export function readTagged(stdout: string): (tag: string) => string[] {
  const byTag = new Map<string, string[]>()
  for (const line of stdout.split('\n')) {
    if (line[1] !== ' ') continue
    const tag = line[0] ?? ''
    const lines = byTag.get(tag)
    if (lines === undefined) byTag.set(tag, [line.slice(2)])
    else lines.push(line.slice(2))
  }
  return (tag) => byTag.get(tag) ?? []
}

type Tagged = ReturnType<typeof readTagged>

/** The live table; unknown with what exportfs said, when it said anything. */
export function readTable(tagged: Tagged): Known<readonly LiveExport[]> {
  const complaint = tagged('l').join('; ')
  if (complaint !== '') return { kind: 'unknown', reason: `exportfs -s: ${complaint}` }
  const etab = parseExportTable(tagged('E').join('\n'))
  const shown = parseExportTable(tagged('L').join('\n'))
  return { kind: 'known', value: shown.length === 0 ? etab : withEtab(shown, etab) }
}

/** The live table as `exportfs -s` shows it, with the options that it leaves out. */
export function readShown(tagged: Tagged): Known<readonly LiveExport[]> {
  const table = readTable(tagged)
  return table.kind === 'known' && tagged('L').length === 0 ? { kind: 'known', value: [] } : table
}

/** What the real parser made of files in private name spaces. */
export interface TrialReading extends OthersExports {
  readonly exitCode: number
}

/** Unknown when the private name spaces could not be made. */
export function readTrial(tagged: Tagged): Known<TrialReading> {
  const lines = tagged('O')
  const complaint = tagged('o').join('\n')
  if (!lines.includes('=ready')) {
    const said = complaint || 'it ended without a word'
    const fix = /not permitted/i.test(said)
      ? '; exports need root there: run domus as root, or by ssh://root@…'
      : ''
    return {
      kind: 'unknown',
      reason: `cannot read exports apart from the live ones (unshare -mn): ${said}${fix}`,
    }
  }
  const exit = lines.find((line) => line.startsWith('=exit '))
  const exitCode = exit === undefined ? 0 : Number(exit.slice('=exit '.length))
  return { kind: 'known', value: { exports: parseExportTable(lines.join('\n')), complaint, exitCode } }
}

/** Reads what the look at a whole server printed; `paths` are those that were asked for. */
export function readLook(
  stdout: string,
  paths: readonly string[],
): Pick<ServerFacts, 'live' | 'others' | 'paths' | 'appliance'> {
  const tagged = readTagged(stdout)
  const [appliance] = tagged('A')
  return {
    live: readTable(tagged),
    others: withoutNames(readTrial(tagged)),
    paths: readPaths(tagged, paths),
    ...(appliance === undefined ? {} : { appliance }),
  }
}

// Without a network no host name resolves: that is not the fault of a line.
function withoutNames(trial: Known<TrialReading>): Known<OthersExports> {
  if (trial.kind === 'unknown') return trial
  const lines = trial.value.complaint.split('\n').filter((line) => !line.includes('Failed to resolve'))
  return { kind: 'known', value: { exports: trial.value.exports, complaint: lines.join('\n') } }
}

function readPaths(tagged: Tagged, paths: readonly string[]): Map<string, PathFact> {
  const types = new Map(tagged('T').map((line) => splitAt(line, line.indexOf(' '))))
  const real = tagged('R')
  const mounts = parseMountInfo(tagged('D').join('\n'))
  const root = mounts.get('/')?.fileSystem
  const found = paths.map((path, at): [string, PathFact] => {
    const realpath = real[at]
    const type = types.get(path)
    if (real.length !== paths.length || realpath === undefined)
      return [path, { kind: 'unknown', reason: 'realpath -m did not answer (coreutils are needed)' }]
    if (type === undefined) return [path, { kind: 'absent' }]
    if (type !== 'directory') return [path, { kind: 'other', type }]
    const mount = mountOf(mounts, realpath)
    if (mount === undefined) return [path, { kind: 'unknown', reason: `no mount holds ${realpath}` }]
    return [path, { kind: 'directory', realpath, ...mount, isOnRoot: mount.fileSystem === root }]
  })
  return new Map(found)
}

const splitAt = (line: string, at: number) => [line.slice(0, at), line.slice(at + 1)] as const

export interface Mount {
  readonly mountPoint: string
  /** `major:minor` of the superblock: the same for bind mounts, and for all subvolumes of a btrfs. */
  readonly fileSystem: string
  readonly fileSystemType: string
}

/** Mounts by mount point; of several at one point the last, which hides the others. @see proc(5), mountinfo */
export function parseMountInfo(text: string): Map<string, Mount> {
  const mounts = new Map<string, Mount>()
  for (const line of text.split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    const fields = left.split(' ')
    const [fileSystem, mountPoint] = [fields[2], fields[4]]
    const [fileSystemType] = right.split(' ')
    if (fileSystem === undefined || mountPoint === undefined || fileSystemType === undefined) continue
    const at = mountPoint.replaceAll(/\\([0-7]{3})/g, (_, octal) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    mounts.set(at, { mountPoint: at, fileSystem, fileSystemType })
  }
  return mounts
}

function mountOf(mounts: ReadonlyMap<string, Mount>, path: string): Mount | undefined {
  for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const mount = mounts.get(at)
    if (mount !== undefined) return mount
  }
  return mounts.get('/')
}
