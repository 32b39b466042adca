#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { reportFailure } from './cli/failure.ts'
import { buildProgram } from './cli/program.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

// A reader that closes early (`domus get domains | head`) ends us quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

try {
  await buildProgram(version).parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error, process.argv.slice(2))
}
