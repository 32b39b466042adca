import type { Problem } from '../model/problem.ts'
import { diffFile } from '../plan/diff.ts'
import type { ExportEntry, Step } from '../plan/plan.ts'
import type { Verdicts } from './checks.ts'
import { entriesOf } from './entries.ts'
import { isComment } from './framed.ts'
import { type ExportRequest, type FileLine, type FileVerdict, ownerOf } from './kind.ts'
import { DROP_IN, KEPT_DROP_IN, parseDropIn, renderDropIn } from './linux-file.ts'

export interface Drift extends Verdicts {
  /** Our exports as the file has them now: what may be taken out of the live table. */
  readonly before: readonly ExportEntry[]
  /** For `--adopt`: puts the lines of others into a file of theirs, before ours is written without them. */
  readonly steps: readonly Step[]
}

type Edited = Exclude<FileVerdict, { kind: 'ours' }>

/** Compares our drop-in with what we left there, and does what the user chose where somebody changed it. */
export function checkDrift(request: ExportRequest): Drift {
  const { facts, drift } = request
  if (facts.file.kind !== 'file') return nothing([])
  const verdict = parseDropIn(facts.file.content, request.inventory.site)
  if (verdict.kind === 'ours') return nothing(verdict.entries)
  if (drift === 'overwrite') return overwrite(request, verdict)
  if (drift === 'adopt') return adopt(request, verdict)
  return { ...nothing(verdict.entries), problems: [stopped(request, verdict)] }
}

const nothing = (before: readonly ExportEntry[]): Drift => ({ before, steps: [], warnings: [], problems: [] })

function stopped(request: ExportRequest, verdict: Edited): Problem {
  const { server, inventory, facts } = request
  const label = `${server.name}:${DROP_IN}`
  const wanted = renderDropIn(ownerOf(request), entriesOf(server, inventory, facts, verdict.entries))
  const patch = diffFile(label, facts.file, wanted)
  return {
    path: `servers/${server.name}`,
    message: `${label} is not as domus left it: ${verdict.reason}; domus apply --adopt keeps its other lines in ${KEPT_DROP_IN}, --overwrite loses them\n${patch}`,
  }
}

function overwrite(request: ExportRequest, verdict: Edited): Drift {
  const lost = strangersIn(request, verdict.lines)
  if (lost.length === 0) return nothing(verdict.entries)
  const lines = lost.length === 1 ? 'a line' : `${lost.length} lines`
  const stays = lost.some((line) => line.entries === undefined && !isComment(line.text))
    ? '; what domus cannot read of them stays live until exportfs -u or exportfs -ra'
    : ''
  const message = `${DROP_IN} loses ${lines} (${lost.map(({ text }) => text).join(' | ')})${stays}`
  return { ...nothing(verdict.entries), warnings: [{ path: `servers/${request.server.name}`, message }] }
}

function adopt(request: ExportRequest, verdict: Edited): Drift {
  const { server, facts } = request
  const moved = strangersIn(request, verdict.lines)
  const others = new Set(moved)
  const before = verdict.lines.flatMap((line) => (others.has(line) ? [] : (line.entries ?? [])))
  if (moved.length === 0) return nothing(before)
  const place = `servers/${server.name}`
  if (moved.some(({ text }) => cannotMove(text)) || facts.kept.kind === 'unknown') {
    const reason = facts.kept.kind === 'unknown' ? facts.kept.reason : 'they hold quotes or backslashes'
    const message = `the other lines of ${DROP_IN} cannot be moved by --adopt: ${reason}; move them by hand`
    return { ...nothing(before), problems: [{ path: place, message }] }
  }
  const old = facts.kept.kind === 'file' ? facts.kept.content.replace(/\n?$/, '\n') : ''
  const step: Step = {
    kind: 'write',
    on: server.name,
    machine: server.machine,
    path: KEPT_DROP_IN,
    content: `${old}${moved.map(({ text }) => `${text}\n`).join('')}`,
    mode: facts.kept.kind === 'file' ? facts.kept.mode : 0o644,
    before: facts.kept,
  }
  return { ...nothing(before), steps: [step] }
}

/** A backslash joins lines, also in comments; quotes may span them. */
const cannotMove = (text: string) => (isComment(text) ? text.includes('\\') : /["\\]/.test(text))

/** The lines that are somebody else's: all but the exports of our images to our guests, those of before included. */
export function strangersIn(
  { server, inventory, current }: Pick<ExportRequest, 'server' | 'inventory' | 'current'>,
  lines: readonly FileLine[],
): FileLine[] {
  const ours = current === undefined ? [inventory] : [inventory, current]
  const images = ours.flatMap((one) => [...one.images.values()])
  const paths = new Set(images.filter((one) => one.server === server.name).map(({ path }) => path))
  const addresses = new Set(ours.flatMap((one) => [...one.domains.values()].map(({ address }) => address)))
  const isOurs = ({ path, client }: ExportEntry) => paths.has(path) && addresses.has(client)
  return lines.filter(({ entries = [] }) => !entries.some(isOurs))
}
