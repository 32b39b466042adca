import { type KernelConfig, symbolValue } from './config.ts'
import type { DependencyTable } from './dependencies.ts'
import { findingsOf, sortFindings } from './findings.ts'
import { fixFragment } from './fix.ts'
import { type ImageFacts, valueFromImage, XEN_NOTE } from './image-facts.ts'
import type { InitramfsFacts } from './initramfs/facts.ts'
import { generatorName } from './initramfs/generator.ts'
import { initramfsFindings } from './initramfs/judge.ts'
import type { InitramfsTable } from './initramfs/table.ts'
import { isForType, judge, type Subject } from './judge.ts'
import { BOOT_PATHS, type BootPath, type KernelRequest } from './request.ts'
import { applyRules, judgePath, type Result, severityOn } from './results.ts'
import type { Rule } from './rules.ts'
import { tableFor } from './table-for.ts'
import type { Finding, KernelVerdict, Verdict } from './verdict.ts'
import { parseVersion } from './version.ts'

/** What is known of a kernel, read from its files by acquire.ts. */
export interface KernelInput {
  readonly path: string
  readonly source: KernelVerdict['source']
  readonly config?: KernelConfig | undefined
  /** Where the config was found, when not at `path`. */
  readonly configPath?: string | undefined
  readonly image?: ImageFacts | undefined
  /** Where a configuration of the image was looked for in vain. */
  readonly searched?: readonly string[] | undefined
  readonly initramfs?: InitramfsFacts | undefined
}

/** The rules and tables of `kernel-configs/`. */
export interface KernelData {
  readonly rules: readonly Rule[]
  readonly dependencies: readonly DependencyTable[]
  readonly initramfs: InitramfsTable
}

/**
 * Says whether a guest with this kernel can mount its root over NFS, by which path, and what to change if not.
 *
 * Never guesses: what cannot be known makes the verdict `undetermined`, with the reason, unless another fact
 * decides it already.
 */
export function checkKernel(input: KernelInput, request: KernelRequest, data: KernelData): KernelVerdict {
  const arch = input.config?.arch ?? input.image?.arch ?? ''
  const release = input.image?.release ?? input.config?.version ?? ''
  const base = { path: input.path, version: release, arch, source: input.source, ...usedFiles(input, data) }
  const reason = whyUndetermined(input, arch, data)
  if (reason !== undefined) {
    const boots = startsOf(input)
    return { ...base, verdict: 'undetermined', boots, migrates: null, findings: [], fragment: '', reason }
  }
  return { ...base, ...judgeAll(input, request, data) }
}

function usedFiles({ configPath, initramfs }: KernelInput, data: KernelData) {
  return {
    ...(configPath === undefined ? {} : { configPath }),
    ...(initramfs === undefined
      ? {}
      : {
          initramfs: {
            path: initramfs.path,
            generator: generatorName(initramfs, data.initramfs),
            compression: initramfs.compression,
            versions: [...initramfs.modules.keys()],
          },
        }),
  }
}

function whyUndetermined(
  { config, image, initramfs }: KernelInput,
  arch: string,
  data: KernelData,
): string | undefined {
  if (arch !== '' && arch !== 'x86_64') return `domus judges x86_64 kernels only, and this one is for ${arch}`
  if (image?.unreadable !== undefined) return image.unreadable
  if (config?.incomplete !== undefined) return config.incomplete
  if (arch === '') return 'it does not say for which architecture it is'
  if (initramfs?.unreadable !== undefined) return initramfs.unreadable
  if (initramfs !== undefined && generatorName(initramfs, data.initramfs) === 'unknown') {
    return `${initramfs.path} was made by none of ${data.initramfs.generators.map(({ name }) => name).join(', ')}: what its /init does cannot be told`
  }
  return undefined
}

// The notes of an image count even where the rest is unknown.
function startsOf({ image }: KernelInput): KernelVerdict['boots'] {
  if (image?.contents === undefined || image.arch !== 'x86_64') return { pv: null, pvh: null }
  const { contents } = image
  return { pv: contents.notes.has(XEN_NOTE.entry), pvh: valueFromImage(contents, 'XEN_PVH') === 'y' }
}

function judgeAll(input: KernelInput, request: KernelRequest, data: KernelData) {
  const subject = subjectOf(input)
  const table = tableFor(data.dependencies, subject.version)
  const paths = pathsOf(input, data)
  const boots = { pv: canStart('pv', data.rules, subject), pvh: canStart('pvh', data.rules, subject) }
  const results = applyRules(data.rules, { paths, subject, request, boots, table })
  const own = ownFindings(input, subject, request, data)
  const verdict = verdictOf(paths, results, own)
  // What only an initramfs would need is noise for a kernel that does not need one.
  const shown: readonly BootPath[] = verdict === 'in-kernel' ? ['in-kernel'] : paths
  return {
    verdict,
    boots,
    migrates: migrates(boots, data.rules, subject),
    findings: sortFindings([...own, ...findingsOf(results, shown, subject)]),
    fragment: fixFragment(
      results.filter(isWorthFixing(paths)).map(({ rule }) => rule),
      data.rules.filter((rule) => isWary(rule, paths, subject)),
      table,
      subject.have,
    ),
    ...(verdict === 'undetermined' ? { reason: reasonOf(input) } : {}),
  }
}

function ownFindings(
  { initramfs, image }: KernelInput,
  subject: Subject,
  request: KernelRequest,
  data: KernelData,
): readonly Finding[] {
  if (initramfs === undefined) return []
  return initramfsFindings(initramfs, { release: image?.release, subject }, request, data.initramfs)
}

function subjectOf({ config, image, initramfs }: KernelInput): Subject {
  const contents = image?.contents
  return {
    version: parseVersion(config?.version ?? image?.release ?? ''),
    have: (symbol) => {
      if (config !== undefined) return symbolValue(config, symbol)
      return contents === undefined ? 'undetermined' : valueFromImage(contents, symbol)
    },
    initrd: initramfs?.compression,
  }
}

// An initramfs with an /init takes over: the kernel's own way to the root is closed by it.
function pathsOf({ initramfs }: KernelInput, data: KernelData): readonly BootPath[] {
  if (initramfs === undefined) return BOOT_PATHS
  return generatorName(initramfs, data.initramfs) === 'none' ? ['in-kernel'] : ['initramfs']
}

function canStart(type: 'pv' | 'pvh', rules: readonly Rule[], subject: Subject): boolean | null {
  return groupHolds(
    'guest',
    rules.filter((rule) => isForType(rule, type)),
    subject,
  )
}

function migrates(boots: KernelVerdict['boots'], rules: readonly Rule[], subject: Subject): boolean | null {
  if (boots.pv === false && boots.pvh === false) return false
  return groupHolds('migration', rules, subject)
}

function groupHolds(group: Rule['group'], rules: readonly Rule[], subject: Subject): boolean | null {
  const judged = rules.filter((rule) => rule.group === group).map((rule) => judge(rule, 'in-kernel', subject))
  if (judged.includes('fail')) return false
  return judged.includes('unknown') ? null : true
}

function verdictOf(paths: readonly BootPath[], results: readonly Result[], own: readonly Finding[]): Verdict {
  const isRefused = (path: BootPath) =>
    own.some(({ severity, neededFor }) => severity === 'error' && neededFor.includes(path))
  const open = paths.filter((path) => !isRefused(path) && judgePath(path, results) !== 'closed')
  const [first] = open
  if (first === undefined) return 'no'
  return judgePath(first, results) === 'open' ? first : 'undetermined'
}

function reasonOf({ searched = [] }: KernelInput): string {
  const places = searched.length === 0 ? '' : ` and none was found at ${searched.join(', ')}`
  return `the image carries no configuration (CONFIG_IKCONFIG)${places}: check its .config instead`
}

function isWary(rule: Rule, [target]: readonly BootPath[], subject: Subject): boolean {
  if (target === undefined || severityOn(rule, target) === 'info') return false
  const wanted = rule.want[target]
  return (wanted === 'n' || wanted === 'not-y') && subject.have(rule.symbol) === 'absent'
}

// The fix is for the way the boot would take: the kernel's own, or that of the initramfs given.
function isWorthFixing([target]: readonly BootPath[]) {
  return ({ rule, isHint, failed }: Result): boolean =>
    target !== undefined && !isHint && failed.includes(target) && severityOn(rule, target) !== 'info'
}
