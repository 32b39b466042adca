/**
 * Splits a kernel command line as the kernel does: at blanks outside double quotes; quotes around a word or
 * a value are taken off; what follows `--` is for init and not returned.
 *
 * @see lib/cmdline.c: next_arg; kernel/params.c: parse_args
 */
export function kernelWords(cmdline: string): string[] {
  const words: readonly string[] = cmdline.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? []
  const end = words.indexOf('--')
  return (end < 0 ? words : words.slice(0, end)).map(unquote)
}

function unquote(word: string): string {
  const whole = /^"(.*?)"?$/s.exec(word)
  if (whole?.[1] !== undefined) return whole[1]
  const [, name, value] = /^([^=]*=)"(.*?)"?$/s.exec(word) ?? []
  return name === undefined ? word : `${name}${value}`
}

/** Splits a command line as a shell's `for x in $(cat /proc/cmdline)` does. */
export const shellWords = (cmdline: string) => cmdline.split(/\s+/).filter((word) => word !== '')

/** The values of all `name=value` words, in order. */
export const valuesOf = (words: readonly string[], name: string) =>
  words.filter((word) => word.startsWith(`${name}=`)).map((word) => word.slice(name.length + 1))
