import type { Guest } from '../../model/inventory.ts'
import { cmdlineAsXl } from '../../xl/cmdline.ts'
import { parseXl } from '../../xl/parse.ts'
import { settle } from '../../xl/settings.ts'
import { checkCmdline, composeCmdline, MAX_CMDLINE_BYTES } from '../cmdline.ts'
import { compareOutcome, expectedAnswer } from '../expected.ts'
import { type BootFacts, type ConfigFact, readerOf } from '../facts.ts'
import type { Link } from '../link.ts'
import { models } from '../models.ts'
import { type Fault, fail, type Outcome } from '../outcome.ts'
import { judgeOf, worst } from './judge.ts'

/**
 * The guest's boot code makes of the command line what the inventory wants, given the right answer. Where the
 * config on the host is known and has another line, that one is what will be read, so it counts.
 */
export function cmdlineLink(guest: Guest, { config, kernel }: BootFacts): Link {
  const dialect = readerOf(guest, kernel)
  const refused = checkCmdline(guest, { dialect }).map(({ path, message }) => fail(`${path}: ${message}`))
  if (refused.length > 0) return worst('cmdline', refused) ?? judgeOf('cmdline').unknown('')
  const composed = composeCmdline(guest, { dialect })
  const onHost = cmdlineOnHost(config)
  const isOther = onHost !== undefined && onHost !== composed
  const line = onHost ?? composed
  const answer = guest.domain.boot === 'static' ? undefined : expectedAnswer(guest)
  const outcome = models[dialect](line.slice(0, MAX_CMDLINE_BYTES), answer)
  const faults = [...cutFaults(line), ...outcome.faults, ...compareOutcome(guest, outcome)]
  const rewrite = 'domus apply writes the config again'
  const bad = worst('cmdline', isOther ? faults.map((fault) => ({ ...fault, fix: rewrite })) : faults)
  if (bad === undefined) return judgeOf('cmdline').ok(describeOutcome(outcome, dialect))
  return isOther ? { ...bad, detail: `the config on host ${guest.host.name}: ${bad.detail}` } : bad
}

/** Undefined when the config is not known, not there, or not readable: other links speak of that. */
function cmdlineOnHost({ file, rendered }: ConfigFact): string | undefined {
  if (file.kind !== 'file' || file.content === rendered) return undefined
  const { assignments, faults } = parseXl(file.content)
  return faults.length > 0 ? undefined : (cmdlineAsXl(settle(assignments).settings) ?? '')
}

const cutFaults = (line: string): Fault[] =>
  line.length <= MAX_CMDLINE_BYTES
    ? []
    : [fail(`the command line has ${line.length} bytes, and Xen cuts it after ${MAX_CMDLINE_BYTES}`)]

const describeOutcome = (outcome: Outcome, dialect: string) =>
  `${dialect === 'kernel' ? 'the kernel' : dialect} takes ${outcome.client} (${outcome.autoconf}) and mounts ${outcome.server}:${outcome.path} ${outcome.readOnly ? 'ro' : 'rw'} by NFS ${outcome.version}`
