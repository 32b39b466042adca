import { readFileSync } from 'node:fs'
import { reportFailure } from './failure.ts'
import { buildProgram } from './program.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** Runs the command line; sets the exit code instead of ending the process. */
export async function run(argv: readonly string[]): Promise<void> {
  // A reader that closes early (`domus get domains | head`) ends us quietly.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  try {
    const program = await buildProgram(version, argv)
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    process.exitCode = reportFailure(error, argv)
  }
}
