import { fail, type Judge, ok, unknown, warn } from '../check.ts'

/** The source can tell which memory the guest changes while it is copied. */
export const checkLogdirty: Judge = ({ guest: { host, kernel }, facts: { source } }) => {
  if (source.kind === 'unknown') return unknown(source.reason)
  const { info } = source.value
  if (info.kind === 'unknown') return unknown(info.reason)
  const { virtCaps } = info.value
  const [hasHap, hasShadow] = [virtCaps.includes('hap'), virtCaps.includes('shadow')]
  // Before 4.13 Xen told of neither.
  if (!hasHap && !hasShadow && !virtCaps.some((cap) => cap.startsWith('gnttab') || cap === 'pv'))
    return unknown(`Xen ${info.value.version} on ${host.name} does not tell whether it can log dirty pages`)
  if (kernel.type === 'pv') {
    if (hasShadow) return ok(`${host.name} has shadow paging`)
    return fail(
      `${host.name} cannot log the dirty pages of a PV guest: its Xen is built without shadow paging (virt_caps: ${virtCaps.join(' ')})`,
      'use a Xen built with CONFIG_SHADOW_PAGING=y, or start the guest as pvh',
    )
  }
  if (hasHap) return ok(`${host.name} has hardware assisted paging`)
  if (hasShadow)
    return warn(`${host.name} has no hardware assisted paging, only shadow paging: it will be slow`)
  return fail(
    `${host.name} cannot log the dirty pages of a PVH guest: it has no hardware assisted paging (virt_caps: ${virtCaps.join(' ')})`,
  )
}
