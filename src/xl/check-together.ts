import { cmdlineAsXl } from './cmdline.ts'
import { error, type Finding, findingOf, type Remark, warning } from './finding.ts'
import { type Settings, textOf } from './settings.ts'

/** Bytes that Xen passes to a PV guest, without the NUL; it cuts the rest off silently (xen.h: MAX_GUEST_CMDLINE). */
const MAX_CMDLINE_BYTES = 1023

/** What is wrong with the keys as a whole; each finding is placed at the key it names first. */
export function checkTogether(settings: Settings): Finding[] {
  return [...missing(settings), ...contradictions(settings), ...cmdlineFindings(settings)]
}

const START = { line: 1, column: 1 }

const at = (settings: Settings, key: string, remark: Remark): Finding =>
  findingOf(key, settings.get(key)?.at ?? START, remark)

function missing(settings: Settings): Finding[] {
  const findings: Finding[] = []
  const has = (key: string) => settings.has(key)
  if (!has('name'))
    findings.push(
      at(settings, 'name', error('missing', 'xl refuses a config without name', 'name the domain')),
    )
  if (!has('kernel') && !has('bootloader') && typeOf(settings) !== 'hvm') {
    findings.push(
      at(
        settings,
        'kernel',
        error('missing', `a ${typeOf(settings)} guest needs a kernel or a bootloader`, 'name its kernel'),
      ),
    )
  }
  if (!has('uuid')) {
    findings.push(
      at(
        settings,
        'uuid',
        warning('missing', 'no uuid: xl makes up another one at every start', 'write one from uuidgen'),
      ),
    )
  }
  if (!has('memory')) {
    findings.push(at(settings, 'memory', warning('missing', 'no memory: xl gives 32 MiB', 'say how much')))
  }
  return findings
}

/** PV unless type or builder says otherwise. */
function typeOf(settings: Settings): 'pv' | 'pvh' | 'hvm' {
  const type = textOf(settings, 'type')
  if (type !== undefined) return (['hvm', 'pv', 'pvh'] as const).find((one) => one.startsWith(type)) ?? 'pv'
  const builder = textOf(settings, 'builder')
  return builder !== undefined && 'hvm'.startsWith(builder) ? 'hvm' : 'pv'
}

function contradictions(settings: Settings): Finding[] {
  const findings: Finding[] = []
  const [type, builder] = [textOf(settings, 'type'), textOf(settings, 'builder')]
  if (
    type !== undefined &&
    builder !== undefined &&
    typeOf(settings) !== (builder === 'hvm' ? 'hvm' : 'pv')
  ) {
    findings.push(
      at(
        settings,
        'builder',
        error(
          'contradiction',
          `builder ${builder} contradicts type ${type}: xl refuses`,
          'leave builder out',
        ),
      ),
    )
  }
  if (!settings.has('kernel')) {
    for (const key of ['ramdisk', 'cmdline'].filter(
      (one) => settings.has(one) && !settings.has('bootloader'),
    )) {
      findings.push(at(settings, key, error('contradiction', `${key} without a kernel`, 'name the kernel')))
    }
  }
  const [vcpus, maxvcpus] = [textOf(settings, 'vcpus'), textOf(settings, 'maxvcpus')]
  if (vcpus !== undefined && maxvcpus !== undefined && Number(vcpus) > Number(maxvcpus)) {
    findings.push(
      at(
        settings,
        'maxvcpus',
        error('contradiction', `fewer maxvcpus (${maxvcpus}) than vcpus (${vcpus})`, 'raise maxvcpus'),
      ),
    )
  }
  const [memory, maxmem] = [textOf(settings, 'memory'), textOf(settings, 'maxmem')]
  if (memory !== undefined && maxmem !== undefined && Number(memory) > Number(maxmem)) {
    findings.push(
      at(
        settings,
        'maxmem',
        error('contradiction', `less maxmem (${maxmem}) than memory (${memory})`, 'raise maxmem'),
      ),
    )
  }
  return findings
}

function cmdlineFindings(settings: Settings): Finding[] {
  const findings: Finding[] = []
  const key = ['cmdline', 'root', 'extra'].find((one) => settings.has(one)) ?? 'cmdline'
  for (const ignored of ['root', 'extra'].filter((one) => settings.has('cmdline') && settings.has(one))) {
    findings.push(
      at(
        settings,
        ignored,
        warning('cmdline', `xl ignores ${ignored} because there is a cmdline`, `put it into cmdline`),
      ),
    )
  }
  const cmdline = cmdlineAsXl(settings)
  if (cmdline === undefined) return findings
  const bytes = new TextEncoder().encode(cmdline).length
  if (bytes > MAX_CMDLINE_BYTES) {
    findings.push(
      at(
        settings,
        key,
        error(
          'cmdline',
          `the command line has ${bytes} bytes; Xen cuts it after ${MAX_CMDLINE_BYTES} without a word`,
          'shorten it',
        ),
      ),
    )
  }
  const lost = nfsRootFault(cmdline, settings)
  return lost === undefined ? findings : [...findings, at(settings, key, lost)]
}

/** Whether a command line asks for a root over NFS, in any of the spellings. */
export const asksForNfsRoot = (cmdline: string) =>
  /(?:^|\s)(?:root=\/dev\/nfs|nfsroot=|boot=nfs|root=nfs4?:)/.test(cmdline)

/** Without an initrd the kernel itself needs ip=, and learns the server from ip=, nfsroot= or DHCP. */
function nfsRootFault(cmdline: string, settings: Settings): Remark | undefined {
  if (!asksForNfsRoot(cmdline) || settings.has('ramdisk') || settings.has('bootloader')) return undefined
  if (!/(?:^|\s)(?:ip|nfsaddrs)=/.test(cmdline)) {
    return error(
      'cmdline',
      'the root is to come by NFS, but there is no ip=: the kernel leaves the network down and stops with "Root-NFS: no NFS server address"',
      'add ip=dhcp, or ip= with the addresses, and nfsroot=SERVER:PATH',
    )
  }
  return undefined
}
