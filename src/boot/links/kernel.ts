import type { Finding, KernelVerdict } from '../../kernel/verdict.ts'
import type { Guest } from '../../model/inventory.ts'
import type { BootFacts } from '../facts.ts'
import type { Link } from '../link.ts'
import { judgeOf } from './judge.ts'

const { ok, warn, fail, unknown } = judgeOf('kernel')

/** The kernel lies on the host, starts as this type of guest, and can reach an NFS root the way the guest asks it to. */
export function kernelLink({ kernel, host }: Guest, { kernel: fact }: BootFacts): Link {
  if (fact.kind === 'unknown') return unknown(fact.reason)
  if ('absent' in fact.value) {
    return fail(
      `host ${host.name} has no ${fact.value.absent}`,
      `put ${fact.value.absent} there, or change kernel ${kernel.name}`,
    )
  }
  const verdict = fact.value
  const named = `${kernel.path}${verdict.version === '' ? '' : ` (${verdict.version})`}`
  const way = kernel.initrd === undefined ? 'in-kernel' : 'initramfs'
  if (verdict.boots[kernel.type] === false) {
    const [detail, fix] = because(`${named} cannot start as a ${kernel.type} guest`, verdict, {
      way,
      symbol: kernel.type === 'pv' ? 'XEN_PV' : 'XEN_PVH',
    })
    const other = kernel.type === 'pv' ? 'pvh' : 'pv'
    return fail(
      detail,
      fix ?? (verdict.boots[other] === true ? `set type: ${other} of kernel ${kernel.name}` : ownKernel),
    )
  }
  switch (verdict.verdict) {
    case 'no':
      return fail(...because(`${named} cannot mount its root by NFS`, verdict, { way }))
    case 'undetermined':
      return unknown(
        `nobody can tell what ${named} can do: ${verdict.reason ?? 'its configuration was not found'}`,
      )
    case 'initramfs':
      if (kernel.initrd === undefined) {
        return fail(
          `${named} reaches NFS only through an initramfs, and kernel ${kernel.name} has no initrd`,
          `give kernel ${kernel.name} an initrd, or ${ownKernel}`,
        )
      }
      return rated(`${named} with ${kernel.initrd}`, verdict)
    case 'in-kernel':
      return rated(`${named} mounts its root itself`, verdict)
  }
}

const ownKernel = 'build one with the options of domus kernel fragment'

function rated(detail: string, { findings, boots }: KernelVerdict): Link {
  const warning = findings.find(({ severity }) => severity === 'warn')
  if (warning !== undefined) return warn(`${detail}; but ${warning.symbol}: ${warning.why}`, fixOf(warning))
  return boots.pv === null && boots.pvh === null
    ? unknown(`${detail}; nobody can tell whether it starts`)
    : ok(detail)
}

/**
 * Detail and fix from the findings that close the way: all are named, and the first, or the one about `symbol`, is
 * explained. Without an initrd only the kernel's own way counts.
 */
function because(
  what: string,
  { findings }: KernelVerdict,
  { way, symbol }: { way: Finding['neededFor'][number]; symbol?: string },
): [string, string | undefined] {
  const errors = findings.filter(({ severity, neededFor }) => severity === 'error' && neededFor.includes(way))
  const finding = errors.find((one) => symbol !== undefined && one.symbol.endsWith(symbol)) ?? errors[0]
  if (finding === undefined) return [what, undefined]
  const all = [finding, ...errors.filter((one) => one !== finding)]
  const told = all.map(({ symbol: name, have, want }) => `${name} is ${have}, wanted ${want}`)
  return [`${what}: ${told.join('; ')} (${finding.why})`, fixOf(finding)]
}

const fixOf = ({ symbol, want, menu }: Finding) =>
  menu.length === 0 ? `set ${symbol}=${want}` : `set ${symbol}=${want}: ${menu.join(' > ')}`
