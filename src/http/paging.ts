import { z } from 'zod'
import { DomusError } from '../errors.ts'

/** The part of a query that chooses a page. */
export const page = {
  limit: z.coerce
    .number()
    .pipe(z.int().min(1).max(100_000))
    .default(1000)
    .meta({ description: 'at most so many; a Link header with rel="next" leads to more' }),
  after: z.string().optional().meta({ description: 'begin after this one' }),
}

/**
 * Cuts a page out of a list.
 *
 * @throws DomusError 'invalid-input' when what `after` names is gone by now
 * @returns the page and, when there is more, the Link header that leads on (RFC 8288)
 */
export function cutPage<T>(
  list: readonly T[],
  keyOf: (item: T) => string,
  { path, limit, after }: { path: string; limit: number; after?: string | undefined },
): { items: readonly T[]; link?: string } {
  const start = after === undefined ? 0 : list.findIndex((item) => keyOf(item) === after) + 1
  if (after !== undefined && start === 0) throw gone(after)
  const items = list.slice(start, start + limit)
  const last = items.at(-1)
  if (last === undefined || start + limit >= list.length) return { items }
  const next = new URLSearchParams({ limit: String(limit), after: keyOf(last) })
  return { items, link: `<${path}?${next.toString()}>; rel="next"` }
}

const gone = (after: string) =>
  new DomusError('invalid-input', 'the page cannot be found; begin again without after', {
    problems: [{ path: 'query/after', message: `there is no ${JSON.stringify(after)}` }],
  })
