import { z } from 'zod'
import { DomusError } from '../errors.ts'
import type { KernelRequest } from './request.ts'
import { When } from './rules.ts'

/** Which fragment files belong to which boot: `kernel-configs/fragments/fragments.json`. */
export const FragmentTable = z.strictObject({
  $schema: z.string().optional(),
  fragments: z.array(
    z.strictObject({
      file: z.string().regex(/^[0-9a-z-]+\.config$/),
      title: z.string().min(1),
      when: When.optional(),
      /** Only when asked for by this name. */
      feature: z.enum(['migration', 'systemd', 'selfdescribing']).optional(),
    }),
  ),
})
export type FragmentTable = z.infer<typeof FragmentTable>

/** What `kernel fragment` was asked for; a guest type that is left out means both. */
export interface FragmentRequest extends Pick<KernelRequest, 'type' | 'boot' | 'nfs'> {
  readonly features: readonly ('migration' | 'systemd' | 'selfdescribing')[]
}

/** Names the fragment files for a boot, in the order in which they are merged. */
export function chooseFragments(table: FragmentTable, request: FragmentRequest): readonly string[] {
  return table.fragments
    .filter(({ when, feature }) => {
      if (feature !== undefined) return request.features.includes(feature)
      if (when?.type !== undefined && request.type !== undefined && !when.type.includes(request.type))
        return false
      if (when?.boot !== undefined && !when.boot.includes(request.boot ?? 'static')) return false
      return when?.nfs === undefined || when.nfs.includes(request.nfs ?? '3')
    })
    .map(({ file }) => file)
}

/** Checks the parsed table. @throws DomusError 'invalid-input' */
export function parseFragmentTable(file: string, content: unknown): FragmentTable {
  const parsed = FragmentTable.safeParse(content)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => ({
    path: [file, ...path].join('/'),
    message,
  }))
  throw new DomusError('invalid-input', `the fragment table ${file} is wrong`, { problems })
}

/** Joins fragments to one text to merge, each under its title. */
export function joinFragments(parts: readonly { title: string; text: string }[]): string {
  return parts.map(({ title, text }) => `# --- ${title}\n${text.trimEnd()}\n`).join('\n')
}
