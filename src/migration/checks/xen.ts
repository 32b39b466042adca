import { fail, type Judge, ok, unknown, warn } from '../check.ts'

const NEEDED_CAP = { pv: /^xen-3\.0-/, pvh: /^hvm-3\.0-/ } as const

/** The target's Xen is as new as the source's, and runs guests of this type. */
export const checkXen: Judge = ({ guest: { host, kernel }, to, facts: { source, target } }) => {
  if (source.kind === 'unknown') return unknown(source.reason)
  if (target.kind === 'unknown') return unknown(target.reason)
  const [here, there] = [source.value.info, target.value.info]
  if (here.kind === 'unknown') return unknown(here.reason)
  if (there.kind === 'unknown') return unknown(there.reason)
  const { xenCaps } = there.value
  if (!xenCaps.some((cap) => NEEDED_CAP[kernel.type].test(cap)))
    return fail(`${to.name} runs no ${kernel.type} guests (xen_caps: ${xenCaps.join(' ') || 'none'})`)
  const words = `Xen ${here.value.version} on ${host.name}, ${there.value.version} on ${to.name}`
  const [from, until] = [versionOf(here.value.version), versionOf(there.value.version)]
  if (from === undefined || until === undefined) return unknown(`${words}: no versions to compare`)
  if (until < from)
    return fail(`${words}: an older Xen does not take a guest of a newer one`, `bring ${to.name} up to date`)
  if (until - from > 1) return warn(`${words}: more than one version apart is hardly tried by anybody`)
  return ok(words)
}

/** 4.17.5 as 4017: patches do not matter. */
function versionOf(version: string): number | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return major === undefined || minor === undefined ? undefined : Number(major) * 1000 + Number(minor)
}
