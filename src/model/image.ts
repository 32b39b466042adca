import { z } from 'zod'
import { name, path } from './grammar.ts'

/** A root directory on a server: of one domain (exclusive, rw), or of many (shared, ro). */
export const Image = z.strictObject({
  name,
  server: name,
  path,
  sharing: z.enum(['exclusive', 'shared', 'clone']).default('exclusive'),
})
export type Image = z.infer<typeof Image>
