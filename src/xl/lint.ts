import { checkSettings, checkXl } from './check.ts'
import { asksForNfsRoot } from './check-together.ts'
import { cmdlineAsXl } from './cmdline.ts'
import { error, type Finding, findingOf, inTextOrder } from './finding.ts'
import { parseXl } from './parse.ts'
import { runPython } from './python.ts'
import { type Settings, settle, textOf } from './settings.ts'
import { readXm } from './xm.ts'
import { xmKeys } from './xm-keys.ts'

/** The answer of `domus lint --json` (interface). */
export interface LintReport {
  readonly dialect: 'xl' | 'xm'
  readonly findings: readonly Finding[]
  /** The command line that xl would give to the kernel; empty when there is none. */
  readonly cmdline: string
  /** The config means its guest to have its root on NFS, whether or not it would get there. */
  readonly nfsRoot: boolean
}

/** Everything there is to say about a domain config, of xl or of xend's days. */
export function lint(text: string): LintReport {
  const dialect = dialectOf(text)
  const settings = dialect === 'xl' ? settle(parseXl(text).assignments).settings : readXm(text).settings
  const cmdline = cmdlineAsXl(settings) ?? ''
  return {
    dialect,
    findings: dialect === 'xl' ? checkXl(text) : checkXm(text),
    cmdline,
    nfsRoot: asksForNfsRoot(cmdline) || settings.has('nfs_root'),
  }
}

/** xm when it has keys that only xend read, or when xl cannot read it and Python can. */
export function dialectOf(text: string): LintReport['dialect'] {
  const python = runPython(text)
  const { settings } = readXm(text)
  if (hasXendKeys(settings)) return 'xm'
  return parseXl(text).faults.length > 0 && python.faults.length === 0 && python.statements.length > 0
    ? 'xm'
    : 'xl'
}

const hasXendKeys = (settings: Settings) =>
  textOf(settings, 'builder') === 'linux' ||
  [...settings.keys()].some((key) => xmKeys.get(key)?.isVital === true)

/** What xl would say of a config of xend's days, and what it would lose without saying so. */
function checkXm(text: string): Finding[] {
  const { assignments, settings } = readXm(text)
  const syntax = parseXl(text).faults.map(({ at, message }) =>
    findingOf(
      '',
      at,
      error('python', `xl refuses the whole file: ${message}`, 'domus convert writes plain values'),
    ),
  )
  return inTextOrder([...syntax, ...checkSettings(assignments, settings)])
}
