const PLAIN = /^[A-Za-z0-9_@+=:,./-]+$/

/**
 * Writes a list of words as a command line of a systemd unit.
 *
 * @see systemd.service(5), COMMAND LINES; systemd.syntax(7), QUOTING
 * @throws RangeError for anything but a list of text, and for control characters
 */
export function commandSystemd(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0)
    throw new RangeError(`command: ${String(value)} is no list`)
  return value.map(word).join(' ')
}

function word(value: unknown): string {
  if (typeof value !== 'string') throw new RangeError(`command: ${String(value)} is not text`)
  if (PLAIN.test(value)) return value
  if (/\p{Cc}/u.test(value)) throw new RangeError('command: the text holds a control character')
  const escaped = value.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')
  return `"${escaped}"`
}
