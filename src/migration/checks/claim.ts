import { isWritable } from '../../model/inventory.ts'
import { fail, type Judge, ok, unknown } from '../check.ts'

/** The writable root is the guest's own, on the host that it leaves. */
export const checkClaim: Judge = ({ guest: { domain, image, server, host }, facts: { claim } }) => {
  if (!isWritable(image)) return ok('not needed: the root is read-only')
  if (claim.kind === 'unknown') return unknown(claim.reason)
  const root = `${server.name}:${image.path}`
  const repair = `put it right: domus repair ${domain.name}`
  const holder = claim.value
  if (holder === undefined) return fail(`nobody holds ${root}: it was not started by domus`, repair)
  if (holder.domain !== domain.name)
    return fail(`${holder.domain} on ${holder.host} holds ${root}`, `stop ${holder.domain}`)
  if (holder.host !== host.name)
    return fail(`${domain.name} holds ${root} on ${holder.host}, not on ${host.name}`, repair)
  return ok(`${domain.name} holds ${root} on ${host.name}`)
}
