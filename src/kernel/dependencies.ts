import { z } from 'zod'
import { DomusError } from '../errors.ts'

/** What Kconfig says of one symbol. */
export const Dependency = z.strictObject({
  type: z.enum(['bool', 'tristate', 'string', 'int', 'hex']),
  /** Everything that must hold for the symbol to be visible, menus and `if` blocks included; absent when nothing must. */
  depends: z.string().optional(),
  /** Absent: the symbol has no prompt and cannot be set by hand. */
  prompt: z.string().optional(),
  /** The condition of the prompt, beyond `depends`. */
  promptIf: z.string().optional(),
  /** Present when the symbol is y unless it is set otherwise. */
  default: z.literal('y').optional(),
  /** Titles of the menus on the way to it. */
  menu: z.array(z.string()),
  selectedBy: z.array(z.string()),
})
export type Dependency = z.infer<typeof Dependency>

/** The symbols that matter of one kernel series on one architecture, generated from its Kconfig files. */
export const DependencyTable = z.strictObject({
  series: z.string().regex(/^\d+\.\d+$/),
  arch: z.string(),
  /** The release it was generated from. */
  generatedFrom: z.string(),
  symbols: z.record(z.string(), Dependency),
})
export type DependencyTable = z.infer<typeof DependencyTable>

/** Checks the parsed JSON of `kernel-configs/deps/*.json`. @throws DomusError 'invalid-input' */
export function parseDependencyTables(files: Readonly<Record<string, unknown>>): readonly DependencyTable[] {
  return Object.entries(files).map(([file, content]) => {
    const parsed = DependencyTable.safeParse(content)
    if (parsed.success) return parsed.data
    const problems = parsed.error.issues.map(({ path, message }) => ({
      path: [file, ...path].join('/'),
      message,
    }))
    throw new DomusError('invalid-input', `the dependency table ${file} is wrong`, { problems })
  })
}
