import { type Guest, isWritable } from '../../model/inventory.ts'
import type { BootFacts } from '../facts.ts'
import type { Link } from '../link.ts'
import { judgeOf } from './judge.ts'

const { ok, fail, unknown } = judgeOf('claim')

/** Nobody else holds the writable root. */
export function claimLink({ domain, image, server, host }: Guest, { claim }: BootFacts): Link {
  if (!isWritable(image)) return ok('not needed: the root is read-only')
  if (claim.kind === 'unknown') return unknown(claim.reason)
  const holder = claim.value
  const root = `${server.name}:${image.path}`
  if (holder === undefined) return ok(`nobody holds ${root}`)
  if (holder.domain !== domain.name) {
    return fail(
      `${holder.domain} on host ${holder.host} holds ${root}`,
      `stop ${holder.domain}, or fence it: domus fence ${holder.domain}`,
    )
  }
  if (holder.host !== host.name) {
    return fail(
      `${domain.name} holds ${root} on host ${holder.host}`,
      `stop it there, or put it right: domus repair ${domain.name}`,
    )
  }
  return ok(`${domain.name} holds ${root}`)
}
