import type { Problem } from '../model/problem.ts'
import type { Step } from '../plan/plan.ts'
import { checkAppliance, checkRunning, checkWriters, refused, unknownsOf, type Verdicts } from './checks.ts'
import { strangersIn } from './drift.ts'
import { bareEntry, entriesOf, type WantedExport } from './entries.ts'
import { type LiveExport, pathFact, type ServerFacts } from './facts.ts'
import { EXPORTS_FILE, parseExportsFile, renderBody } from './freebsd-file.ts'
import { shownIn } from './freebsd-reading.ts'
import { checkIsolation } from './isolation.ts'
import { type ExportPlan, type ExportRequest, ownerOf } from './kind.ts'
import { findBlock, withBlock } from './managed-block.ts'
import { type MountdFault, readMountd } from './mountd.ts'
import { checkOverlaps } from './overlaps.ts'
import { checkPaths } from './paths.ts'

/** Plans the one 'export' step of a FreeBSD server, or says what speaks against it. */
export function freebsdPlan(request: ExportRequest): ExportPlan {
  const { server, inventory, facts } = request
  const found = readFile(request)
  // An NFS server of FreeBSD names file systems itself: no fsid.
  const wanted = entriesOf(server, inventory)
  const body = renderBody(ownerOf(request), wanted)
  const content = withBlock(found.text, found.block, inventory.site, body)
  const isNeeded = !found.isBroken && needsStep(request, wanted, content)
  const others = foreignOf(found.outside, facts)
  const verdicts: Verdicts[] = [
    found,
    checkWriters(wanted),
    checkPaths(request, wanted),
    checkUnits(request, wanted),
    checkOverlaps(server, wanted, others),
    checkIsolation(request, wanted),
    checkRunning(request, wanted, found.before),
    checkModel(request, content),
    ...(isNeeded ? [checkAppliance(request)] : []),
  ]
  const unknown = unknownsOf(request, wanted, found.before, [facts.live])
  const problems = verdicts.flatMap((verdict) => verdict.problems)
  const step: Step = {
    kind: 'export',
    on: server.name,
    machine: server.machine,
    serverKind: 'freebsd',
    path: EXPORTS_FILE,
    before: found.before.map(bareEntry),
    after: wanted.map(bareEntry),
    fileBefore: facts.file,
    content,
  }
  return {
    steps: isNeeded ? [step] : [],
    warnings: verdicts.flatMap((verdict) => verdict.warnings),
    problems,
    facts: unknown.length === 0 ? 'known' : 'unknown',
    unknown,
  }
}

/** The file, with what `--adopt` moves out of our block already outside of it. */
function readFile(request: ExportRequest) {
  const { server, inventory, facts, drift } = request
  const text = facts.file.kind === 'file' ? facts.file.content : ''
  const block = findBlock(text, inventory.site)
  const verdict = parseExportsFile(text, inventory.site)
  const outside = block.kind === 'found' ? `${block.before}${block.after}` : text
  const found = { text, block, outside, before: verdict.entries, isBroken: false }
  if (verdict.kind === 'ours') return { ...found, ...refused([]) }
  const place = `servers/${server.name}`
  const label = `${server.name}:${EXPORTS_FILE}`
  if (block.kind !== 'found') {
    const message = `${label} cannot be changed: ${verdict.reason}; put the marker lines right by hand`
    return {
      ...found,
      block: { kind: 'none' } as const,
      isBroken: true,
      ...refused([{ path: place, message }]),
    }
  }
  const strangers = strangersIn(request, verdict.lines).map(({ text }) => text)
  if (drift === 'stop') {
    const lines = strangers.length === 0 ? 'lines of ours' : strangers.join(' | ')
    const message = `the block of ${inventory.site} in ${label} is not as domus left it (${lines}): ${verdict.reason}; domus apply --adopt moves its other lines out of the block, --overwrite loses them`
    return { ...found, ...refused([{ path: place, message }]) }
  }
  if (strangers.length === 0) return { ...found, ...refused([]) }
  if (drift === 'overwrite') {
    const message = `the block of ${inventory.site} in ${label} loses ${strangers.join(' | ')}`
    return { ...found, problems: [], warnings: [{ path: place, message }] }
  }
  const moved = strangers.map((line) => `${line}\n`).join('')
  const after = `${moved}${block.after}`
  return { ...found, block: { ...block, after }, outside: `${block.before}${after}`, ...refused([]) }
}

function needsStep({ facts }: ExportRequest, wanted: readonly WantedExport[], content: string): boolean {
  if (facts.file.kind === 'unknown') return wanted.length > 0
  const found = facts.file.kind === 'file' ? facts.file.content : ''
  return found !== content || !isLive(facts, wanted)
}

const isLive = (facts: ServerFacts, wanted: readonly WantedExport[]) => {
  if (facts.live.kind === 'unknown') return true
  return wanted.every(shownIn(facts.live.value))
}

const fileSystemIn = (facts: ServerFacts) => (directory: string) => {
  const fact = pathFact(facts, directory)
  return fact.kind === 'directory' ? fact.fileSystem : undefined
}

function foreignOf(outside: string, facts: ServerFacts) {
  return readMountd(outside, fileSystemIn(facts)).exports.flatMap(({ directories, clients, options }) =>
    directories.flatMap((path) =>
      (clients.length > 0 ? clients : ['the world']).map((client): LiveExport & { isDeclared: true } => ({
        path,
        client,
        options: new Set([options.includes('ro') || options.includes('o') ? 'ro' : 'rw']),
        isDeclared: true,
      })),
    ),
  )
}

/** The unit of an export is the file system: two images on one cannot have rights of their own. */
function checkUnits({ server, facts }: ExportRequest, wanted: readonly WantedExport[]): Verdicts {
  const byFileSystem = new Map<string, Map<string, WantedExport>>()
  const problems: Problem[] = []
  for (const entry of wanted) {
    const fileSystem = fileSystemIn(facts)(entry.path)
    if (fileSystem === undefined) continue
    const paths = byFileSystem.get(fileSystem) ?? new Map<string, WantedExport>()
    byFileSystem.set(fileSystem, paths)
    const [other] = paths.values()
    if (other !== undefined && !paths.has(entry.path))
      problems.push({
        path: `images/${entry.image}/path`,
        message: `${entry.path} and ${other.path} lie on one file system of ${server.name}, and FreeBSD exports file systems, not directories: each guest would reach both; make one dataset per image (zfs create)`,
      })
    paths.set(entry.path, entry)
  }
  return refused(problems)
}

/** Lets the model of mountd read the whole file: faults with our lines are refused, others are theirs. */
function checkModel({ server, inventory, facts }: ExportRequest, content: string): Verdicts {
  const block = findBlock(content, inventory.site)
  const start = block.kind === 'found' ? block.before.split('\n').length : 0
  const stop = block.kind === 'found' ? start + block.body.split('\n').length : -1
  const isOurs = (line: number | undefined) => line !== undefined && line >= start && line <= stop
  const { faults } = readMountd(content, fileSystemIn(facts))
  const problem = (fault: MountdFault) => ({
    path: `servers/${server.name}`,
    message: `${server.name}:${EXPORTS_FILE} line ${fault.line}: ${fault.message}`,
  })
  const ours = faults.filter((fault) => isOurs(fault.line) || isOurs(fault.with))
  const theirs = faults.filter((fault) => !ours.includes(fault))
  return {
    problems: ours.map(problem),
    warnings: theirs.map((fault) => ({
      ...problem(fault),
      message: `${problem(fault).message} (not a line of domus; mountd passes over it)`,
    })),
  }
}
