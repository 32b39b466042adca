import { fail, type Judge, ok, unknown } from '../check.ts'

/** The guest's kernel can give itself up to be moved. */
export const checkSuspend: Judge = ({ guest: { kernel, host }, facts }) => {
  if (facts.kernel.kind === 'unknown') return unknown(facts.kernel.reason)
  const verdict = facts.kernel.value
  if ('absent' in verdict) return unknown(`${host.name} has no ${verdict.absent} any more to look at`)
  const named = `${kernel.path}${verdict.version === '' ? '' : ` (${verdict.version})`}`
  switch (verdict.migrates) {
    case true:
      return ok(`${named} can be suspended`)
    case false:
      return fail(
        `${named} cannot be suspended: xl would wait for it in vain`,
        'build one with the options of domus kernel fragment --migration, and start the guest with it',
      )
    case null:
      return unknown(
        `nobody can tell whether ${named} can be suspended: ${verdict.reason ?? 'its configuration was not found'}`,
      )
  }
}
