import type { Position } from './syntax.ts'

/** One thing to say about a config, as `domus lint --json` gives it. */
export interface Finding {
  readonly line: number
  readonly column: number
  /** The key it is about; empty when it is about the file. */
  readonly key: string
  /** error: xl refuses it, or the guest will not be what the file says; warn: xl ignores or guesses; info: could be said better. */
  readonly severity: 'error' | 'warn' | 'info'
  readonly code: FindingCode
  readonly message: string
  readonly fix: string
}

export type FindingCode =
  | 'syntax'
  | 'python'
  | 'unknown-key'
  | 'ignored-by-xl'
  | 'deprecated'
  | 'wrong-form'
  | 'wrong-value'
  | 'missing'
  | 'repeated'
  | 'contradiction'
  | 'vif'
  | 'disk'
  | 'cmdline'

/** What checks give back; the key and the place are added by their caller. */
export type Remark = Pick<Finding, 'severity' | 'code' | 'message' | 'fix'>

export const error = (code: FindingCode, message: string, fix = ''): Remark => ({
  severity: 'error',
  code,
  message,
  fix,
})
export const warning = (code: FindingCode, message: string, fix = ''): Remark => ({
  ...error(code, message, fix),
  severity: 'warn',
})
export const hint = (code: FindingCode, message: string, fix = ''): Remark => ({
  ...error(code, message, fix),
  severity: 'info',
})

export const findingOf = (key: string, at: Position, { severity, code, message, fix }: Remark): Finding => ({
  line: at.line,
  column: at.column,
  key,
  severity,
  code,
  message,
  fix,
})

export const inTextOrder = (findings: readonly Finding[]) =>
  findings.toSorted((a, b) => a.line - b.line || a.column - b.column)
