import type { Link, LinkName } from '../link.ts'
import type { Fault } from '../outcome.ts'

/** Makes the verdicts of one link. */
export const judgeOf = (link: LinkName) => ({
  ok: (detail: string): Link => ({ link, status: 'ok', detail }),
  unknown: (detail: string): Link => ({ link, status: 'unknown', detail }),
  warn: (detail: string, fix?: string): Link => ({
    link,
    status: 'warn',
    detail,
    ...(fix !== undefined && { fix }),
  }),
  fail: (detail: string, fix?: string): Link => ({
    link,
    status: 'fail',
    detail,
    ...(fix !== undefined && { fix }),
  }),
})

/** One verdict for many faults: the gravest decides, its fix is named; undefined when there is none. */
export function worst(link: LinkName, faults: readonly Fault[]): Link | undefined {
  const gravest = faults.find(({ severity }) => severity === 'fail') ?? faults[0]
  if (gravest === undefined) return undefined
  const others = faults.filter((fault) => fault !== gravest)
  const detail = [gravest, ...others].map(({ message }) => message).join('; ')
  return { link, status: gravest.severity, detail, ...(gravest.fix !== undefined && { fix: gravest.fix }) }
}
