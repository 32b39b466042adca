import type { Guest } from '../../model/inventory.ts'
import type { BootFacts } from '../facts.ts'
import type { Link } from '../link.ts'
import { runsAtHome } from '../running-index.ts'
import { exportLink } from './export.ts'
import { imageLink } from './image.ts'
import { judgeOf } from './judge.ts'

const { ok, fail, unknown } = judgeOf('server')

/** The NFS server answers where the guest will ask, and lets it mount its root and find its init. */
export function serverLink(guest: Guest, facts: BootFacts): Link {
  const { domain, server } = guest
  const { server: fact, host } = facts
  const ports = portsLink(guest, fact)
  if (ports.status !== 'ok' || fact.kind === 'unknown') return ports
  const { lookup } = fact.value
  const answers = ports.detail
  if (lookup.kind === 'known' && lookup.value.isOk) return ok(`${answers}; ${lookup.value.detail}`)
  if (host.kind === 'known' && runsAtHome(host.value.running, guest))
    return ok(`${answers}; ${domain.name} runs on it now`)
  if (lookup.kind === 'unknown')
    return unknown(`${answers}; whether it lets ${domain.address} mount is not known: ${lookup.reason}`)
  const earlier = [imageLink(guest, facts), exportLink(guest, facts)].find(({ status }) => status === 'fail')
  if (earlier !== undefined)
    return unknown(
      `${answers}; it refuses ${domain.address}, as is to be expected after link ${earlier.link}`,
    )
  return fail(
    `${server.name} refuses the guest: ${lookup.value.detail}`,
    'look at its exports, at the NFS versions it serves and at the log of its mountd; domus exports resync makes exports live again',
  )
}

/** The part of it that needs no guest's address: the programs answer. NFS 3 needs rpcbind and mountd besides. */
export function portsLink({ domain, server }: Guest, fact: BootFacts['server']): Link {
  if (fact.kind === 'unknown') return unknown(fact.reason)
  const { nfs, rpcbind, mountd } = fact.value
  const needed = { nfs, ...(domain.nfsVersion === '3' && { rpcbind, mountd }) }
  const shut = Object.entries(needed).flatMap(([program, answers]) => (answers === false ? [program] : []))
  if (shut.length > 0) {
    return fail(
      `${server.address} does not answer for ${shut.join(' and ')}`,
      `start the NFS server on ${server.name}, and let the guests' network through its firewall`,
    )
  }
  const untried = Object.entries(needed).flatMap(([program, answers]) => (answers === null ? [program] : []))
  if (untried.length > 0) return unknown(`nobody asked ${server.address} for ${untried.join(' and ')}`)
  return ok(`${server.address} answers for ${Object.keys(needed).join(', ')}`)
}
