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
  const held = claim.value === undefined ? `nobody holds ${root}` : `${domain.name} holds ${root}`
  const unheard = unheardOf(facts)
  if (unheard !== undefined)
    return unknown(`${held}, but whether somebody started a guest on it by hand is not known: ${unheard}`)
  return ok(held)
}

/** Why a guest on this root may run somewhere unseen. */
function unheardOf({ host }: BootFacts): string | undefined {
  if (host.kind === 'unknown') return host.reason
  const [silent] = host.value.silent
  return silent && `host ${silent.host} cannot say what it runs: ${silent.reason}`
}

function claimFaults(guest: Guest, facts: BootFacts): Fault[] {
  const { domain, image, server, host } = guest
  const { claim } = facts
  if (claim.kind === 'unknown' || !isWritable(image)) return []
  const root = `${server.name}:${image.path}`
  const holder: ClaimFact | undefined = claim.value
  if (holder === undefined) return isRunning(guest, facts) ? [unclaimed(guest, facts)] : []
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

/** A guest gives its claim up when it is fenced; one that was never claimed was not started by domus. */
function unclaimed({ domain: { name }, host }: Guest, { fencedSince }: BootFacts): Fault {
  const restart = `domus stop ${name}, then domus start ${name}`
  return fencedSince === undefined
    ? warn(
        `${name} runs on host ${host.name} without a claim on its root: it was started by hand, or fenced meanwhile`,
        `let domus start it: ${restart}`,
      )
    : warn(
        `${name} gave up its claim when it was fenced at ${fencedSince}, and runs on host ${host.name} still`,
        `end it: domus destroy ${name}; to use it again: domus fence ${name} --lift, then domus start ${name}`,
      )
}

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
