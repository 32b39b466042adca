/** Quotes one word for a POSIX shell; plain words stay as they are. */
export const shellQuote = (word: string) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** A command as one line, for a POSIX shell and for people. */
export const shellLine = (argv: readonly string[]) => argv.map(shellQuote).join(' ')

/** A command as errors name it: of a script only its first line. */
export const commandName = (argv: readonly string[]) =>
  shellLine(argv.map((word) => (word.trim().includes('\n') ? `${word.trim().split('\n')[0]} …` : word)))

/**
 * The line that makes the login shell of another machine, whichever it is, run a POSIX shell script.
 *
 * Inside single quotes csh still sees `!` and the end of a line, and fish `\\`: so all but plain characters go
 * as octal escapes, which printf(1) turns back.
 */
export function remoteLine(script: string, args: readonly string[]): string {
  const text = `set -- ${shellLine(args)}\n${script}`
  const encoded = Array.from(Buffer.from(text), (byte) => {
    const character = String.fromCharCode(byte)
    return /[ "-&(-[\]-~]/.test(character) ? character : `\\0${byte.toString(8).padStart(3, '0')}`
  })
  return `exec sh -c 'eval "$(printf %b "$1")"' sh '${encoded.join('')}'`
}
