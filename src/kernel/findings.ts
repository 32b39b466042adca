import type { Subject } from './judge.ts'
import type { BootPath } from './request.ts'
import { type Result, severityOn } from './results.ts'
import type { Rule } from './rules.ts'
import type { Finding } from './verdict.ts'
import { isWithin } from './version.ts'

/** Puts failed rules into words, as far as they matter for the given ways to the root; worst first. */
export function findingsOf(
  results: readonly Result[],
  paths: readonly BootPath[],
  subject: Subject,
): readonly Finding[] {
  return sortFindings(results.flatMap((result) => findingOf(result, paths, subject)))
}

export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}

const SEVERITIES = ['error', 'warn', 'info'] as const

function findingOf(
  { rule, isHint, failed, blockers }: Result,
  paths: readonly BootPath[],
  subject: Subject,
): readonly Finding[] {
  const neededFor = failed.filter((path) => paths.includes(path))
  const [first] = neededFor
  if (first === undefined) return []
  const severities = neededFor.map((path) => severityOn(rule, path))
  return [
    {
      symbol: `CONFIG_${rule.symbol}`,
      want: rule.want[first] ?? '',
      have: subject.have(rule.symbol),
      severity: isHint ? 'info' : (SEVERITIES.find((each) => severities.includes(each)) ?? 'info'),
      neededFor,
      ...(isHint && rule.when !== undefined ? { only: onlyFor(rule.when) } : {}),
      why: rule.why,
      symptom: symptomOf(rule, subject),
      menu: rule.menu,
      blockedBy: blockers.map(({ symbol, must }) => `${must === 'y' ? '' : '!'}CONFIG_${symbol}`),
    },
  ]
}

function onlyFor({ type, boot, userland }: NonNullable<Rule['when']>) {
  return { ...(type && { type }), ...(boot && { boot }), ...(userland && { userland }) }
}

function symptomOf(rule: Rule, { version }: Subject): string {
  const fitting = rule.symptoms.find((symptom) => version === undefined || isWithin(version, symptom))
  return (fitting ?? rule.symptoms[0])?.text ?? ''
}
