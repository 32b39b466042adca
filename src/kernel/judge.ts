import type { SymbolValue } from './config.ts'
import type { BootPath, KernelRequest } from './request.ts'
import type { Rule } from './rules.ts'
import { isWithin, type Version } from './version.ts'

/** All that rules look at. */
export interface Subject {
  /** Undefined when not even the version is known: rules of certain releases are then undecided. */
  readonly version: Version | undefined
  /** Given without `CONFIG_`. */
  readonly have: (symbol: string) => SymbolValue
  /** Compression of the initramfs; undefined without one. */
  readonly initrd: string | undefined
}

export type Judgement = 'ok' | 'fail' | 'unknown'

/** Whether a rule counts for a boot: `hint` means it would, had the boot been asked for. */
export type Relevance = 'asked' | 'hint' | 'no'

/** Says whether a kernel satisfies a rule when its root is mounted this way. */
export function judge(rule: Rule, path: BootPath, subject: Subject): Judgement {
  const wanted = rule.want[path]
  if (wanted === undefined) return 'ok'
  const have = subject.have(rule.symbol)
  const holds = SATISFIED[wanted](have)
  if (subject.version === undefined)
    return holds || (!hasRange(rule) && have !== 'undetermined') ? toJudgement(holds) : 'unknown'
  if (!isWithin(subject.version, rule)) return 'ok'
  if (have === 'undetermined') return wanted === 'never' ? 'fail' : 'unknown'
  if (
    have === 'absent' &&
    rule.absentFrom !== undefined &&
    isWithin(subject.version, { since: rule.absentFrom })
  ) {
    return 'ok'
  }
  return toJudgement(holds)
}

/** Says whether a rule is about the boot that is asked for; the guest type is left to the caller. */
export function relevanceOf({ when }: Rule, request: KernelRequest, initrd: string | undefined): Relevance {
  if (when === undefined) return 'asked'
  if (when.nfs !== undefined && !when.nfs.includes(request.nfs ?? '3')) return 'no'
  if (when.transport !== undefined && !when.transport.includes(request.transport ?? 'tcp')) return 'no'
  if (when.initrd !== undefined && !when.initrd.some((compression) => compression === initrd)) return 'no'
  if (when.boot !== undefined && !when.boot.includes(request.boot ?? 'static')) {
    return request.boot === undefined ? 'hint' : 'no'
  }
  if (when.userland === undefined) return 'asked'
  if (request.userland !== undefined) return when.userland.includes(request.userland) ? 'asked' : 'no'
  return when.userland.includes('systemd') ? 'hint' : 'no'
}

/** Says whether a rule is for guests of a type. */
export function isForType(rule: Rule, type: 'pv' | 'pvh'): boolean {
  return rule.when?.type === undefined || rule.when.type.includes(type)
}

type Want = NonNullable<Rule['want'][BootPath]>

/** Whether a value is what is wanted; `undetermined` never is. */
export const SATISFIED: Record<Want, (have: SymbolValue) => boolean> = {
  y: (have) => have === 'y',
  'y|m': (have) => have === 'y' || have === 'm',
  n: (have) => have === 'n' || have === 'absent',
  'not-y': (have) => have === 'n' || have === 'm' || have === 'absent',
  empty: (have) => have === '""' || have === 'absent' || have === 'n',
  never: () => false,
}

function hasRange({ since, until, absentFrom }: Rule): boolean {
  return since !== undefined || until !== undefined || absentFrom !== undefined
}

function toJudgement(holds: boolean): Judgement {
  return holds ? 'ok' : 'fail'
}
