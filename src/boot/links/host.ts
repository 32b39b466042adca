import type { Guest } from '../../model/inventory.ts'
import type { HostInfo } from '../../toolstack/toolstack.ts'
import type { BootFacts, HostFact } from '../facts.ts'
import type { Link } from '../link.ts'
import { type Fault, fail as fault, warn } from '../outcome.ts'
import { runningLike } from '../running-index.ts'
import type { RunningDomain } from '../running-root.ts'
import { judgeOf, worst } from './judge.ts'

const { ok, unknown } = judgeOf('host')

/** The host can take the guest: bridge, kind of guest, memory; and no known host runs its name, uuid or MAC already. */
export function hostLink(guest: Guest, { host: fact }: BootFacts): Link {
  if (fact.kind === 'unknown') return unknown(fact.reason)
  const { host } = guest
  const facts = fact.value
  const own = runningLike(facts.running, guest).find((one) => isOurs(one, guest) && one.host === host.name)
  const room = own !== undefined || facts.info.kind === 'unknown' ? [] : roomFaults(guest, facts.info.value)
  const bad = worst('host', [...bridgeFaults(guest, facts), ...rivalFaults(guest, facts), ...room])
  if (bad?.status === 'fail') return bad
  if (facts.bridges.kind === 'unknown') return unknown(facts.bridges.reason)
  if (bad !== undefined) return bad
  const [silent] = facts.silent
  if (silent !== undefined) return unknown(`host ${silent.host} cannot say what it runs: ${silent.reason}`)
  if (own !== undefined) return ok(`runs on host ${host.name} now, as domain ${own.domid}`)
  if (facts.info.kind === 'unknown') return unknown(facts.info.reason)
  return ok(
    `host ${host.name} has bridge ${guest.network.bridge} and ${facts.info.value.freeMemoryMiB} MiB free`,
  )
}

const isOurs = (one: RunningDomain, { domain }: Guest) => one.name === domain.name && one.uuid === domain.uuid

/** What a migration that goes on shows of the guest itself (xl_migrate.c). */
const isOtherHalf = (one: RunningDomain, { domain }: Guest) =>
  one.uuid === domain.uuid && /--(?:incoming|migratedaway)$/.test(one.name)

function bridgeFaults({ host, network }: Guest, { bridges, hasVifScript }: HostFact): Fault[] {
  if (bridges.kind === 'known' && !bridges.value.includes(network.bridge)) {
    const there = bridges.value.length > 0 ? `; it has ${bridges.value.join(', ')}` : ''
    return [
      fault(
        `host ${host.name} has no bridge ${network.bridge}`,
        `make it there, or name another in network ${network.name}${there}`,
      ),
    ]
  }
  return hasVifScript === false
    ? [fault(`host ${host.name} has no /etc/xen/scripts/vif-bridge`, 'install the Xen utilities there')]
    : []
}

function rivalFaults(guest: Guest, { running }: HostFact): Fault[] {
  const { domain, host } = guest
  return runningLike(running, guest).flatMap((one) => {
    const where = `${one.name} (domain ${one.domid} on host ${one.host})`
    const repair = `domus repair ${domain.name}`
    if (isOtherHalf(one, guest))
      return [warn(`a migration goes on, or broke: ${where}`, `when none goes on any more: ${repair}`)]
    if (isOurs(one, guest)) {
      if (one.host === host.name) return []
      return [
        fault(
          `${domain.name} runs on host ${one.host} already`,
          `stop it there, or let the record follow it: ${repair}`,
        ),
      ]
    }
    if (one.uuid === domain.uuid) return [fault(`${where} has its uuid`, `stop ${one.name}`)]
    if (one.name === domain.name) {
      return [
        fault(
          `another domain of its name runs: ${where}, uuid ${one.uuid}`,
          `stop that one: xl destroy ${one.domid} on host ${one.host}`,
        ),
      ]
    }
    return one.macs.includes(domain.mac)
      ? [fault(`${where} has its MAC ${domain.mac}`, `stop ${one.name}, or give one of them another mac`)]
      : []
  })
}

const NEEDED_CAP = { pv: /^xen-3\.0-/, pvh: /^hvm-3\.0-/ } as const

function roomFaults({ domain, kernel, host }: Guest, info: HostInfo): Fault[] {
  if (info.xenCaps.length > 0 && !info.xenCaps.some((cap) => NEEDED_CAP[kernel.type].test(cap))) {
    return [
      fault(
        `host ${host.name} runs no ${kernel.type} guests (xen_caps: ${info.xenCaps.join(' ')})`,
        `use a kernel of type ${kernel.type === 'pv' ? 'pvh' : 'pv'}`,
      ),
    ]
  }
  if (domain.memoryMiB > info.totalMemoryMiB) {
    return [
      fault(
        `the guest wants ${domain.memoryMiB} MiB, and host ${host.name} has ${info.totalMemoryMiB}`,
        'lower memoryMiB',
      ),
    ]
  }
  return domain.memoryMiB > info.freeMemoryMiB
    ? [
        warn(
          `the guest wants ${domain.memoryMiB} MiB, and host ${host.name} has ${info.freeMemoryMiB} free: dom0 would have to give some`,
          'lower memoryMiB, or stop other guests',
        ),
      ]
    : []
}
