/** The escapes of an xl string that have a letter (libxlu_cfg.c: xlu__cfgl_dequote). */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
])

// Other control characters have no escape that xl reads; it takes them as they are.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
const SPECIAL = /[\\"\x07\b\f\n\r\t\v]/g
const PLAIN = /^[ !#-[\]-~]*$/

/**
 * Writes text as a string of an xl config, in double quotes, so that xl reads exactly this text.
 *
 * @throws RangeError for anything but text and for a NUL, which no C string can hold
 */
export function quoteXl(value: unknown): string {
  if (typeof value !== 'string') throw new RangeError(`quote: ${String(value)} is not text`)
  if (PLAIN.test(value)) return `"${value}"`
  if (value.includes('\0')) throw new RangeError('quote: the text holds a NUL')
  return `"${value.replace(SPECIAL, escapeOne)}"`
}

/** Writes a list of texts as a list of an xl config. @throws RangeError for anything but an array of text */
export function listXl(value: unknown): string {
  if (!Array.isArray(value)) throw new RangeError(`list: ${String(value)} is not a list`)
  return `[ ${value.map(quoteXl).join(', ')} ]`
}

const escapeOne = (character: string) => LETTERS.get(character) ?? character
