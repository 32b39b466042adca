import type { z } from 'zod'
import type { Problem } from './problem.ts'

/**
 * Says what zod found wrong in a value, in our words: `networks/lan/mtu: 9 must be at least 68`.
 *
 * @param path - where `value` stands in its document
 * @param known - the keys it may have
 */
export function problemsOf(
  path: string,
  value: unknown,
  error: z.ZodError,
  known: readonly string[] = [],
): Problem[] {
  return error.issues.flatMap((issue) => {
    const at = [...(path === '' ? [] : [path]), ...issue.path.map(String)].join('/')
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        path: at === '' ? key : `${at}/${key}`,
        message: known.length === 0 ? 'unknown key' : `unknown key; known: ${known.join(', ')}`,
      }))
    return [{ path: at, message: messageOf(valueAt(value, issue.path), issue) }]
  })
}

/** A value as a message shows it, in one line that is not too long. */
export function describeGiven(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

function messageOf(value: unknown, issue: z.core.$ZodIssue): string {
  if (value === undefined) return 'is missing'
  return `${describeGiven(value)} ${issue.message.startsWith('must') ? issue.message : wordsOf(issue)}`
}

/** What zod itself says in words of its own, and what no schema of ours says. */
function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${oneOf(issue.values.map(String))}`
    case 'too_small':
      return `must be at least ${issue.minimum}${UNITS[issue.origin] ?? ''}`
    case 'too_big':
      return `must be at most ${issue.maximum}${UNITS[issue.origin] ?? ''}`
    default:
      return `cannot be taken: ${issue.message}`
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text (in quotes, where it looks like something else)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

const UNITS: Readonly<Record<string, string>> = { string: ' characters long', array: ' entries long' }

const oneOf = (values: readonly string[]) =>
  values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    value,
  )
