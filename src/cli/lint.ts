import { Command } from 'commander'
import { DomusError } from '../errors.ts'
import type { LintReport } from '../xl/lint.ts'
import { note, out, outJson } from './output.ts'

/** `domus lint FILE`: what xl would make of a domain config; exit 3 when something in it is an error. */
export const lintCommand = () =>
  new Command('lint')
    .description('say what is wrong with a domain config, of xl or of xm')
    .argument('<file>', 'the config, or - for standard input')
    .option('--json', 'one JSON document on standard output')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const { lint } = await import('../xl/lint.ts')
      const report = lint(await readConfig(file))
      if (json) outJson(report)
      else out(describeReport(file, report))
      if (report.findings.some(({ severity }) => severity === 'error')) process.exitCode = 3
    })

/** `domus convert FILE`: the same guest for xl; exit 3 when a part could not be converted. */
export const convertCommand = () =>
  new Command('convert')
    .description('turn a domain config of xm into one for xl')
    .argument('<file>', 'the config, or - for standard input')
    .action(async (file: string) => {
      const { convertXm } = await import('../xl/convert.ts')
      const { text, changes, left } = convertXm(await readConfig(file))
      out(text)
      for (const { line, key, message } of changes) note(`${file}:${line}: ${prefix(key)}${message}`)
      for (const { line, key, message } of left) {
        note(`${file}:${line}: ${prefix(key)}not converted: ${message}`)
      }
      if (left.length > 0) process.exitCode = 3
    })

const prefix = (key: string) => (key === '' ? '' : `${key}: `)

function describeReport(file: string, { dialect, findings, cmdline, nfsRoot }: LintReport): string {
  const lines = findings.map(({ line, column, key, severity, message, fix }) => {
    return `${file}:${line}:${column}: ${severity}: ${prefix(key)}${message}${fix === '' ? '' : ` (${fix})`}`
  })
  const summary = findings.length === 0 ? `a sound config of ${dialect}` : `a config of ${dialect}`
  const root = nfsRoot ? 'its root is to be on NFS' : 'its root is not on NFS'
  return [...lines, `${file}: ${summary}; ${root}`, `cmdline: ${cmdline}`, ''].join('\n')
}

async function readConfig(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  try {
    if (file !== '-') return await readFile(file, 'utf8')
    const { text } = await import('node:stream/consumers')
    return await text(process.stdin)
  } catch (cause) {
    throw new DomusError('invalid-input', `cannot read ${file}`, { cause })
  }
}
