import { createHash } from 'node:crypto'
import { DomusError } from '../errors.ts'
import type { Name } from '../model/grammar.ts'
import type { ExportEntry } from '../plan/plan.ts'
import type { FileLine, FileVerdict, Owner } from './kind.ts'

/**
 * Puts our lines under a header that holds their hash, by which a change by hand is found later.
 *
 * The template only frames: the lines are code, since they are read back, and 20 000 of them must be fast.
 *
 * @throws DomusError 'invalid-input' when an overriding template adds anything but comments above the lines
 */
export function frame(template: 'exports/linux' | 'exports/freebsd', owner: Owner, body: string): string {
  const text = owner.templates.render(template, { site: owner.site, sha256: sha256(`${body}\n`), body })
  const found = readFrame(text)
  if (found?.body === `${body}\n` && found.hash === sha256(found.body) && isOf(found.site, owner.site))
    return text
  throw new DomusError(
    'invalid-input',
    `template ${template}.hbs must hold comments, the last one with sha256={{sha256}} (and "for site {{site}};" if it names one), then {{body}} and nothing else`,
  )
}

interface Frame {
  readonly site: Name | undefined
  readonly hash: string
  readonly body: string
}

const HEADER = /^(?:#[^\n]*\n)*?#[^\n]*\bsha256=([0-9a-f]{64})[^\n]*\n/

function readFrame(text: string): Frame | undefined {
  const [header, hash] = HEADER.exec(text) ?? []
  if (header === undefined || hash === undefined) return undefined
  return { hash, site: / for site ([a-z0-9-]+);/.exec(header)?.[1], body: text.slice(header.length) }
}

/** True when a text has a header of ours and the rest is what it was made with. */
export function isIntact(text: string): boolean {
  const found = readFrame(text)
  return found !== undefined && found.hash === sha256(found.body)
}

const isOf = (found: Name | undefined, site: Name) => found === undefined || found === site

/** Reads such text back; `readLine` knows our own lines, with whatever somebody may have made of one. */
export function parseFramed(
  text: string,
  site: Name,
  readLine: (line: string) => ExportEntry[] | undefined,
): FileVerdict {
  const found = readFrame(text)
  const lines = readLines(found?.body ?? text.replace(/^# Managed by domus.*\n/m, ''), readLine)
  const entries = lines.flatMap((line) => line.entries ?? [])
  if (found === undefined) return { kind: 'not-ours', reason: 'it has no header of domus', entries, lines }
  if (!isOf(found.site, site)) {
    const reason = `it belongs to site ${found.site}, and this is site ${site}`
    return { kind: 'not-ours', reason, entries, lines }
  }
  return found.hash === sha256(found.body)
    ? { kind: 'ours', entries }
    : { kind: 'edited', reason: 'it was changed by hand since domus wrote it', entries, lines }
}

function readLines(body: string, readLine: (line: string) => ExportEntry[] | undefined): FileLine[] {
  return body
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((text) => {
      const entries = isComment(text) ? undefined : readLine(text)
      return entries === undefined ? { text } : { text, entries }
    })
}

export const isComment = (line: string) => /^\s*#/.test(line)

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
