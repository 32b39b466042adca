import type { Guest } from '../../model/inventory.ts'
import type { BootFacts } from '../facts.ts'
import type { Link } from '../link.ts'
import { judgeOf } from './judge.ts'

const { ok, fail, unknown } = judgeOf('server')

/** The NFS server answers where the guest will ask; NFS 3 needs rpcbind and mountd besides. */
export function serverLink({ domain, server }: Guest, { server: fact }: BootFacts): Link {
  if (fact.kind === 'unknown') return unknown(fact.reason)
  const { nfs, rpcbind, mountd, lookup } = fact.value
  const needed = { nfs, ...(domain.nfsVersion === '3' && { rpcbind, mountd }) }
  const shut = Object.entries(needed).flatMap(([program, answers]) => (answers === false ? [program] : []))
  if (shut.length > 0) {
    return fail(
      `${server.address} does not answer for ${shut.join(' and ')}`,
      `start the NFS server on ${server.name}, and let the guests' network through its firewall`,
    )
  }
  if (lookup !== null && !lookup.isOk) {
    return fail(
      `${server.name} refuses the guest: ${lookup.detail}`,
      `look at its exports and at the log of its mountd; domus apply writes the export again`,
    )
  }
  const untried = Object.entries(needed).flatMap(([program, answers]) => (answers === null ? [program] : []))
  if (untried.length > 0) return unknown(`nobody asked ${server.address} for ${untried.join(' and ')}`)
  return ok(
    lookup === null
      ? `${server.address} answers for ${Object.keys(needed).join(', ')}`
      : `${server.address} answers; ${lookup.detail}`,
  )
}
