/** A file with at most one block that is ours; `before` and `after` are everything else, byte for byte. */
export type BlockSearch =
  | { readonly kind: 'none' }
  | { readonly kind: 'found'; readonly before: string; readonly body: string; readonly after: string }
  | { readonly kind: 'broken'; readonly reason: string }

const begin = (id: string) => `# BEGIN DOMUS ${id}`
const end = (id: string) => `# END DOMUS ${id}`

/**
 * Finds the block of one instance between its two marker lines, which are compared as whole lines: `web` is
 * never taken for `web1`.
 */
export function findBlock(text: string, id: string): BlockSearch {
  const begins = linesEqual(text, begin(id))
  const ends = linesEqual(text, end(id))
  const [from, to] = [begins[0], ends[0]]
  if (begins.length > 1 || ends.length > 1)
    return { kind: 'broken', reason: `the marker lines of ${id} are there more than once` }
  if (from === undefined && to === undefined) return { kind: 'none' }
  if (from === undefined || to === undefined || to < from)
    return { kind: 'broken', reason: `"${begin(id)}" and "${end(id)}" do not come as a pair in this order` }
  const before = text.slice(0, from)
  if (before.endsWith('\\\n'))
    return { kind: 'broken', reason: `the line above "${begin(id)}" ends with \\ and runs into the block` }
  return {
    kind: 'found',
    before,
    body: text.slice(from + begin(id).length + 1, to),
    after: text.slice(to + end(id).length + 1),
  }
}

/**
 * The text with the block holding `body`, or without a block when `body` is empty; nothing outside changes.
 *
 * A new block comes first: a last line without its newline, or one that ends with `\`, would run into it.
 *
 * @param found what {@link findBlock} says of the same text; never 'broken'
 */
export function withBlock(text: string, found: BlockSearch, id: string, body: string): string {
  const block = body === '' ? '' : `${begin(id)}\n${body}${end(id)}\n`
  return found.kind === 'found' ? `${found.before}${block}${found.after}` : `${block}${text}`
}

/** Offsets of the lines that are exactly this. */
function linesEqual(text: string, line: string): number[] {
  const offsets: number[] = []
  for (let at = text.indexOf(line); at >= 0; at = text.indexOf(line, at + 1)) {
    const follows = text[at + line.length]
    if ((at === 0 || text[at - 1] === '\n') && (follows === '\n' || follows === undefined)) offsets.push(at)
  }
  return offsets
}
