import type { Finding, KernelVerdict } from './verdict.ts'

/** The verdict for people: what the kernel can do, then one paragraph per finding, then what to change. */
export function describeVerdict(verdict: KernelVerdict): string {
  return [
    headline(verdict),
    ...details(verdict),
    ...verdict.findings.map(describeFinding),
    ...fix(verdict),
  ].join('\n')
}

const HEADLINES: Record<KernelVerdict['verdict'], string> = {
  'in-kernel': 'yes: the kernel mounts its root over NFS by itself',
  initramfs: 'yes: with an initramfs that mounts the root over NFS',
  no: 'no: a guest with this kernel cannot mount its root over NFS',
  undetermined: 'undetermined: what this kernel can do cannot be told',
}

function headline({ path, verdict }: KernelVerdict): string {
  return `${path}: ${HEADLINES[verdict]}`
}

function details(verdict: KernelVerdict): readonly string[] {
  const { version, arch, source, configPath, boots, migrates, reason, initramfs } = verdict
  const from = configPath === undefined ? source : `${source} ${configPath}`
  return [
    ...(reason === undefined ? [] : [`  because   ${reason}`]),
    `  kernel    ${version || 'unknown version'} ${arch || 'unknown architecture'} (from ${from})`,
    ...(initramfs === undefined
      ? []
      : [
          `  initramfs ${initramfs.path}: ${initramfs.generator}, ${initramfs.compression}, for ${initramfs.versions.join(', ') || 'no modules'}`,
        ]),
    `  starts as pv ${word(boots.pv)}, pvh ${word(boots.pvh)}; migrates ${word(migrates)}`,
  ]
}

function word(value: boolean | null): string {
  return value === null ? 'unknown' : value ? 'yes' : 'no'
}

function describeFinding(finding: Finding): string {
  const { symbol, want, have, severity, only, neededFor, why, symptom, menu, blockedBy } = finding
  const scope =
    only === undefined
      ? neededFor.join(', ')
      : Object.entries(only)
          .map(([key, values]) => `${key} ${values?.join(', ')}`)
          .join('; ')
  return [
    `${severity.padEnd(5)} ${symbol} is ${have}, wanted ${describeWant(want)} (${scope})`,
    `        ${why}`,
    `        seen as: ${symptom}`,
    ...(blockedBy.length === 0 ? [] : [`        blocked:  ${[symbol, ...blockedBy].join(' ← ')}`]),
    ...(menu.length === 0 ? [] : [`        menu:     ${menu.join(' → ')}`]),
  ].join('\n')
}

function describeWant(want: string): string {
  return want === 'y|m' ? 'y or m' : want === 'not-y' ? 'anything but y' : want
}

function fix({ fragment, verdict }: KernelVerdict): readonly string[] {
  if (fragment === '') return []
  const aim = verdict === 'initramfs' ? 'to mount the root in the kernel instead, merge' : 'merge'
  return [`${aim} this fragment and build anew:`, fragment.trimEnd()]
}
