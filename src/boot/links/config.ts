import type { Guest } from '../../model/inventory.ts'
import { parseXl } from '../../xl/parse.ts'
import { printValue } from '../../xl/print.ts'
import { type Settings, settle } from '../../xl/settings.ts'
import type { BootFacts } from '../facts.ts'
import type { Link } from '../link.ts'
import { judgeOf } from './judge.ts'

const { ok, warn, fail, unknown } = judgeOf('config')
const FIX = 'domus apply writes it again'

/** What lies on the host is what we rendered; another layout or comment is only worth a warning. */
export function configLink({ domain, host }: Guest, { config: { file, rendered } }: BootFacts): Link {
  const name = `the config of ${domain.name} on host ${host.name}`
  if (file.kind === 'unknown') return unknown(file.reason)
  if (file.kind === 'absent') return fail(`${name} is not there`, FIX)
  if (file.content === rendered) return ok(`${name} is as rendered`)
  const { assignments, faults } = parseXl(file.content)
  const [fault] = faults
  if (fault !== undefined) {
    return fail(
      `${name} is not readable for xl: line ${fault.at.line}, column ${fault.at.column}: ${fault.message}`,
      FIX,
    )
  }
  const drift = differences(settingsOf(assignments), settingsOf(parseXl(rendered).assignments))
  if (drift.length > 0) return fail(`${name} was changed: ${drift.join('; ')}`, FIX)
  return warn(`${name} was changed, but says the same`, FIX)
}

const settingsOf = (assignments: Parameters<typeof settle>[0]) => settle(assignments).settings

function differences(have: Settings, want: Settings): string[] {
  return [...new Set([...want.keys(), ...have.keys()])].flatMap((key) => {
    const [is, should] = [printed(have, key), printed(want, key)]
    if (is === should) return []
    return [`${key} is ${is ?? 'missing'}, rendered ${should ?? 'without it'}`]
  })
}

function printed(settings: Settings, key: string): string | undefined {
  const value = settings.get(key)?.value
  return value && printValue(value)
}
