import { fail, type Judge, ok, unknown } from '../check.ts'
import { missingFeatures } from '../cpu.ts'

const MAX_SHOWN = 8

/** The target's CPU has every feature that guests of the source are given. */
export const checkCpu: Judge = ({ guest: { host, kernel }, to, facts: { source, target } }) => {
  if (source.kind === 'unknown') return unknown(source.reason)
  if (target.kind === 'unknown') return unknown(target.reason)
  const [here, there] = [source.value.cpu, target.value.cpu]
  if (here.kind === 'unknown') return unknown(`${host.name}: ${here.reason}`)
  if (there.kind === 'unknown') return unknown(`${to.name}: ${there.reason}`)
  const type = kernel.type === 'pv' ? 'PV' : 'HVM'
  const had = here.value.get(`${type} Default`) ?? here.value.get(`${type} Max`)
  const has = there.value.get(`${type} Max`)
  if (had === undefined || has === undefined)
    return unknown(`xen-cpuid tells no set of features for ${type} guests`)
  const missing = missingFeatures(had, has)
  if (missing.length === 0) return ok(`${to.name} has all features that guests of ${host.name} are given`)
  const shown = missing.slice(0, MAX_SHOWN).join(', ')
  return fail(
    `${to.name} lacks ${missing.length} CPU features that the guest may be using (word:bit ${shown}${missing.length > MAX_SHOWN ? ', …' : ''})`,
    `start Xen on ${host.name} with cpuid=… so that guests are not given them (xen-cpuid --detail names them), and start the guest anew`,
  )
}
