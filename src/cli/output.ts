/** How every command speaks: data on stdout, everything else on stderr. */

export type Format = 'table' | 'json' | 'yaml' | 'name'

export const out = (text: string) =>
  void process.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`)
export const note = (text: string) => void process.stderr.write(`${text}\n`)
export const outJson = (value: unknown) => out(JSON.stringify(value, null, 2))

/** Columns padded to their widest cell; the last one is not padded. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    rows.reduce((widest, row) => Math.max(widest, (row[column] ?? '').length), title.length),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return `${[header, ...rows].map(line).join('\n')}\n`
}

const isColoured = (stream: NodeJS.WriteStream) => stream.isTTY === true && !process.env.NO_COLOR

/** Colours the lines of a unified diff, on a terminal only. */
export function paintDiff(diff: string): string {
  if (!isColoured(process.stdout)) return diff
  const colour = (line: string) =>
    line.startsWith('+') ? 32 : line.startsWith('-') ? 31 : line.startsWith('@@') ? 36 : 0
  return diff
    .split('\n')
    .map((line) => (colour(line) === 0 ? line : `\x1b[${colour(line)}m${line}\x1b[0m`))
    .join('\n')
}

/** Asks on the terminal; undefined when there is none to ask on. */
export async function confirm(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(?:es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}
