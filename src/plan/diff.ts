import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import type { FileFact } from './plan.ts'

/**
 * A unified diff of one file, as `diff -u` prints it; empty when nothing changes.
 *
 * `label` names the file (`h1:/etc/xen/menas.cfg`). A file whose content is not known is taken as absent, and
 * the diff says so in its header.
 */
export function diffFile(label: string, before: FileFact, after: string | undefined): string {
  if (before.kind === 'file' && before.content === after) return ''
  const from = before.kind === 'file' ? label : before.kind === 'absent' ? '/dev/null' : `${label} (unknown)`
  const to = after === undefined ? '/dev/null' : label
  if (before.kind === 'file' && after !== undefined)
    return createTwoFilesPatch(from, to, before.content, after, undefined, undefined, {
      context: 3,
      headerOptions: FILE_HEADERS_ONLY,
    })
  const text = before.kind === 'file' ? before.content : (after ?? '')
  return `--- ${from}\n+++ ${to}\n${wholeHunk(text, before.kind === 'file' ? '-' : '+')}`
}

// The library compares line by line; a file that comes or goes as a whole needs no comparing.
function wholeHunk(text: string, sign: '+' | '-'): string {
  if (text === '') return ''
  const lines = text.split('\n')
  const endsWithNewline = lines.at(-1) === ''
  if (endsWithNewline) lines.pop()
  const range = lines.length === 1 ? '1' : `1,${lines.length}`
  const header = sign === '+' ? `@@ -0,0 +${range} @@` : `@@ -${range} +0,0 @@`
  const body = lines.map((line) => `${sign}${line}\n`).join('')
  return `${header}\n${body}${endsWithNewline ? '' : '\\ No newline at end of file\n'}`
}
