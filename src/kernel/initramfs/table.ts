import { z } from 'zod'
import { DomusError } from '../../errors.ts'
import { When } from '../rules.ts'

const pattern = z.string().refine(isPattern, 'must be a regular expression')
const symbol = z.string().regex(/^[A-Za-z0-9_]+$/, 'must be a symbol without CONFIG_')

/** A program that makes initramfs files, and what one must hold to mount a root over NFS. */
export const Generator = z.strictObject({
  name: z.enum(['initramfs-tools', 'dracut', 'mkinitcpio']),
  /** Any of these paths gives it away. */
  detect: z.array(pattern).min(1),
  /** Everything of this must be in it: one of the paths each. */
  needs: z.array(
    z.strictObject({
      what: z.string().min(1),
      anyOf: z.array(pattern).min(1),
      when: When.pick({ nfs: true, boot: true }).optional(),
      fix: z.string().min(1),
      symptom: z.string().min(1),
    }),
  ),
  /** Boots it cannot do, whatever is in it. */
  refuses: z
    .array(
      z.strictObject({
        when: When.pick({ nfs: true, boot: true, transport: true }),
        unless: z.array(pattern).optional(),
        why: z.string().min(1),
        symptom: z.string().min(1),
      }),
    )
    .optional(),
})
export type Generator = z.infer<typeof Generator>

/** A module that must be in the initramfs when its symbol is m. */
export const ModuleNeed = z.strictObject({
  module: z.string().regex(/^[a-z0-9-]+$/),
  symbol,
  /** The module is needed only when this other symbol is y. */
  onlyWith: symbol.optional(),
  when: When.pick({ nfs: true, boot: true }).optional(),
  why: z.string().min(1),
  symptom: z.string().min(1),
})
export type ModuleNeed = z.infer<typeof ModuleNeed>

/** `kernel-configs/initramfs.json`. */
export const InitramfsTable = z.strictObject({
  $schema: z.string().optional(),
  generators: z.array(Generator).min(1),
  modules: z.array(ModuleNeed).min(1),
})
export type InitramfsTable = z.infer<typeof InitramfsTable>

/** Checks the parsed table. @throws DomusError 'invalid-input' with every mistake */
export function parseInitramfsTable(file: string, content: unknown): InitramfsTable {
  const parsed = InitramfsTable.safeParse(content)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => ({
    path: [file, ...path].join('/'),
    message,
  }))
  throw new DomusError('invalid-input', 'the table of initramfs generators is wrong', { problems })
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false // the constructor throws for what is no expression
  }
}
