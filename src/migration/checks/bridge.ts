import { fail, type Judge, ok, unknown } from '../check.ts'

/** The target has the guest's bridge, and the script that puts it there: xl asks for both when the guest has stopped. */
export const checkBridge: Judge = ({ guest: { network }, to, facts: { target } }) => {
  if (target.kind === 'unknown') return unknown(target.reason)
  const { bridges, hasVifScript } = target.value
  if (!bridges.includes(network.bridge))
    return fail(
      `${to.name} has no bridge ${network.bridge}`,
      `make it there${bridges.length === 0 ? '' : `; it has ${bridges.join(', ')}`}`,
    )
  if (!hasVifScript)
    return fail(`${to.name} has no /etc/xen/scripts/vif-bridge`, 'install the Xen utilities there')
  return ok(`${to.name} has bridge ${network.bridge} and vif-bridge`)
}
