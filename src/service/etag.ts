import { createHash } from 'node:crypto'
import { DomusError } from '../errors.ts'
import type { Name } from '../model/grammar.ts'
import type { Inventory, Noun } from '../model/inventory.ts'
import type { Expectation } from './jobs.ts'

/** A short hash of a spec: the same as long as nothing in it changed. */
export const tagOf = (spec: unknown): string =>
  createHash('sha256').update(JSON.stringify(spec)).digest('base64url').slice(0, 22)

/** @throws DomusError 'precondition-failed' when the resource is not what the asker saw */
export function requireExpected(inventory: Inventory, expected: Expectation | undefined): void {
  if (expected === undefined) return
  const { noun, name, tags } = expected
  const spec = inventory[noun].get(name)
  const fault = faultOf(spec, tags)
  if (fault !== undefined)
    throw new DomusError('precondition-failed', `${label(noun, name)} ${fault}; nothing was changed`)
}

function faultOf(spec: unknown, tags: Expectation['tags']): string | undefined {
  if (spec === undefined) return tags.length === 0 ? undefined : 'does not exist any more'
  if (tags === 'any') return undefined
  if (tags.length === 0) return 'exists already'
  return tags.includes(tagOf(spec)) ? undefined : 'was changed since you looked at it: look again'
}

const label = (noun: Noun, name: Name) => `${noun.slice(0, -1)} ${name}`
