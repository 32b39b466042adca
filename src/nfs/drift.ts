import type { Problem } from '../model/problem.ts'
import { diffFile } from '../plan/diff.ts'
import type { ExportEntry, Step } from '../plan/plan.ts'
import type { Verdicts } from './checks.ts'
import { entriesOf } from './entries.ts'
import { type ExportRequest, type FileVerdict, ownerOf } from './kind.ts'
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

function overwrite({ server }: ExportRequest, verdict: Edited): Drift {
  const strangers = verdict.lines.filter(({ entries }) => entries === undefined).map(({ text }) => text)
  if (strangers.length === 0) return nothing(verdict.entries)
  const message = `${DROP_IN} loses ${strangers.length === 1 ? 'a line' : `${strangers.length} lines`} (${strangers.join(' | ')}); what they export stays live until exportfs -u or exportfs -ra`
  return { ...nothing(verdict.entries), warnings: [{ path: `servers/${server.name}`, message }] }
}

function adopt(request: ExportRequest, verdict: Edited): Drift {
  const { server, inventory, facts } = request
  const paths = new Set(
    [...inventory.images.values()].filter((image) => image.server === server.name).map(({ path }) => path),
  )
  const before = verdict.entries.filter(({ path }) => paths.has(path))
  const moved = verdict.lines.filter(({ entries = [] }) => !entries.some(({ path }) => paths.has(path)))
  if (moved.length === 0) return nothing(before)
  const place = `servers/${server.name}`
  if (moved.some(({ text }) => /["\\]/.test(text)) || facts.kept.kind === 'unknown') {
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
