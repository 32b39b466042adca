import { CommanderError } from 'commander'
import { DomusError, describeError, ERRORS, problemJson } from '../errors.ts'
import { note, outJson } from './output.ts'

/** Tells of an error in the form that was asked for and returns the exit code. */
export function reportFailure(error: unknown, argv: readonly string[]): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  const failure = error instanceof CommanderError ? usageError(error) : error
  if (wantsJson(argv)) outJson(problemJson(failure))
  // Commander has told of a wrong usage itself.
  else if (!(error instanceof CommanderError)) describe(failure, argv)
  return failure instanceof DomusError ? ERRORS[failure.code].exit : 1
}

function describe(error: unknown, argv: readonly string[]) {
  const isBug = !(error instanceof DomusError)
  note(`domus: ${isBug ? `bug: ${describeError(error)}` : describeError(error)}`)
  if (!isBug)
    for (const { path, message } of error.problems)
      note(path === '' ? `  ${message}` : `  ${path}: ${message}`)
  const wantsStack = argv.includes('-v') || argv.includes('--verbose')
  if (error instanceof Error && (isBug || wantsStack)) note(error.stack ?? '')
}

const usageError = (error: CommanderError) =>
  new DomusError('invalid-input', error.message.replace(/^error: /, ''))

/** True for `--json`, `-o json` and `--output=json`, wherever they stand. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const own = end === -1 ? argv : argv.slice(0, end)
  return own.some(
    (word, at) =>
      word === '--json' ||
      word === '-ojson' ||
      word === '--output=json' ||
      ((word === '-o' || word === '--output') && own[at + 1] === 'json'),
  )
}
