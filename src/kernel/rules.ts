import { z } from 'zod'
import { DomusError } from '../errors.ts'
import type { Problem } from '../model/problem.ts'

const release = z.string().regex(/^\d+\.\d+$/, 'must be a release such as 6.1')
const symbol = z.string().regex(/^[A-Za-z0-9_]+$/, 'must be a symbol without CONFIG_')
const severity = z.enum(['error', 'warn', 'info'])

/** What a symbol may be: `n` takes absent as well; `empty` is an unset string; `never` fails for every value. */
const want = z.enum(['y', 'y|m', 'n', 'not-y', 'empty', 'never'])

function perPath<T extends z.ZodType>(value: T) {
  return z.strictObject({ 'in-kernel': value.optional(), initramfs: value.optional() })
}

/** The boots a rule is for; a dimension that is left out means all of them. */
export const When = z.strictObject({
  type: z
    .array(z.enum(['pv', 'pvh']))
    .min(1)
    .optional(),
  boot: z
    .array(z.enum(['static', 'dhcp', 'bootp']))
    .min(1)
    .optional(),
  nfs: z
    .array(z.enum(['3', '4.0', '4.1', '4.2']))
    .min(1)
    .optional(),
  transport: z
    .array(z.enum(['tcp', 'udp']))
    .min(1)
    .optional(),
  userland: z
    .array(z.enum(['systemd', 'ia32']))
    .min(1)
    .optional(),
  /** Compression of the initramfs, when one is given. */
  initrd: z
    .array(z.enum(['none', 'gzip', 'bzip2', 'lzma', 'xz', 'lzo', 'lz4', 'zstd']))
    .min(1)
    .optional(),
})
export type When = z.infer<typeof When>

/** One requirement on one symbol. */
export const Rule = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  symbol,
  /** By the way the root is mounted; a way that is not named does not need the symbol. */
  want: perPath(want).refine((wants) => Object.keys(wants).length > 0, 'must name at least one path'),
  when: When.optional(),
  /** `error`: the guest does not reach its init. `warn`: it does, and something is missing. One, or one per path. */
  severity: z.union([severity, perPath(severity)]),
  /** `guest` decides `boots`, `migration` decides `migrates`; the others only sort the output. */
  group: z.enum([
    'guest',
    'network',
    'nfs',
    'console',
    'initramfs',
    'init',
    'userland',
    'migration',
    'loader',
  ]),
  /** First and last kernel release the rule is for, both included. */
  since: release.optional(),
  until: release.optional(),
  /** From this release on the symbol may be missing, since others took over its meaning. */
  absentFrom: release.optional(),
  /** What stands for the symbol after `until`, or from `absentFrom` on. */
  replacedBy: symbol.optional(),
  why: z.string().min(10),
  /** What is seen on the console with a wrong value. */
  symptoms: z
    .array(z.strictObject({ since: release.optional(), until: release.optional(), text: z.string().min(1) }))
    .min(1),
  /** The screens of menuconfig on the way to the entry, the entry last; empty when it has no prompt. */
  menu: z.array(z.string().min(1)),
  /** The line that sets it right; absent when it has no prompt: then others bring it. */
  fragment: z
    .string()
    .regex(/^(?:CONFIG_\w+=\S+|# CONFIG_\w+ is not set)$/, 'must be one line of a .config')
    .optional(),
  refs: z.array(z.string().min(1)).optional(),
})
export type Rule = z.infer<typeof Rule>

/** A file of rules: `kernel-configs/rules/*.json`. */
export const RuleFile = z.strictObject({ $schema: z.string().optional(), rules: z.array(Rule).min(1) })

/**
 * Checks the parsed JSON of all rule files and joins them.
 *
 * @throws DomusError 'invalid-input' with every mistake of every file
 */
export function parseRules(files: Readonly<Record<string, unknown>>): readonly Rule[] {
  const problems: Problem[] = []
  const rules: Rule[] = []
  for (const [file, content] of Object.entries(files)) {
    const parsed = RuleFile.safeParse(content)
    if (parsed.success) rules.push(...parsed.data.rules)
    else {
      for (const { path, message } of parsed.error.issues)
        problems.push({ path: [file, ...path].join('/'), message })
    }
  }
  const ids = rules.map((rule) => rule.id)
  for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) {
    problems.push({ path: `rules/${id}`, message: 'two rules have this id' })
  }
  if (problems.length > 0) throw new DomusError('invalid-input', 'the kernel rules are wrong', { problems })
  return rules
}
