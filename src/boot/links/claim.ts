import { type Guest, isWritable } from '../../model/inventory.ts'
import type { BootFacts, ClaimFact } from '../facts.ts'
import type { Link } from '../link.ts'
import { type Fault, fail as fault, warn } from '../outcome.ts'
import { runsAtHome } from '../running-index.ts'
import { judgeOf, worst } from './judge.ts'

const { ok, unknown } = judgeOf('claim')

/** Nobody else holds the writable root, nor runs on it. */
export function claimLink(guest: Guest, facts: BootFacts): Link {
  const { image, server, domain } = guest
  const bad = worst('claim', [...claimFaults(guest, facts), ...breachFaults(guest, facts)])
  if (bad !== undefined) return bad
  if (!isWritable(image)) return ok('not needed: the root is read-only')
  const { claim } = facts
  if (claim.kind === 'unknown') return unknown(claim.reason)
  const root = `${server.name}:${image.path}`
  return ok(claim.value === undefined ? `nobody holds ${root}` : `${domain.name} holds ${root}`)
}

function claimFaults(guest: Guest, facts: BootFacts): Fault[] {
  const { domain, image, server, host } = guest
  const { claim } = facts
  if (claim.kind === 'unknown' || !isWritable(image)) return []
  const root = `${server.name}:${image.path}`
  const holder: ClaimFact | undefined = claim.value
  if (holder === undefined) return isRunning(guest, facts) ? [unclaimed(domain.name, host.name)] : []
  if (holder.domain !== domain.name) {
    return [
      fault(
        `${holder.domain} on host ${holder.host} holds ${root}`,
        `stop ${holder.domain}, or fence it: domus fence ${holder.domain}`,
      ),
    ]
  }
  if (holder.host === host.name) return []
  return [
    fault(
      `${domain.name} holds ${root} on host ${holder.host}`,
      `stop it there, or put it right: domus repair ${domain.name}`,
    ),
  ]
}

const isRunning = (guest: Guest, { host }: BootFacts) =>
  host.kind === 'known' && runsAtHome(host.value.running, guest)

const unclaimed = (domain: string, host: string) =>
  warn(
    `${domain} runs on host ${host} without a claim on its root: it was started by hand`,
    `start it by domus: domus stop ${domain}, then domus start ${domain}`,
  )

/** DomUs on this root that do not own it; one that was started by hand has no claim at all. */
function breachFaults({ domain }: Guest, { breaches }: BootFacts): Fault[] {
  return breaches.map(({ root, domain: other, owner }) => {
    const where = `${other.name} (domain ${other.domid} on host ${other.host})`
    const access = other.root?.isWritten === true ? ' rw' : ''
    return fault(
      `${where} mounts ${root}${access}, which is ${owner.domain}'s on host ${owner.host}`,
      `end it: xl destroy ${other.domid} on ${other.host}; until then keep the root safe: domus fence ${domain.name}`,
    )
  })
}
