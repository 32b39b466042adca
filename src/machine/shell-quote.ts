/** Quotes one word for a POSIX shell; plain words stay as they are. */
export const shellQuote = (word: string) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** A command as one line, for a remote shell and for people. */
export const shellLine = (argv: readonly string[]) => argv.map(shellQuote).join(' ')
