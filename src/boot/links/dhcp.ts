import type { Guest } from '../../model/inventory.ts'
import type { BootFacts, DhcpFact, RivalFacts } from '../facts.ts'
import type { Link } from '../link.ts'
import { judgeOf } from './judge.ts'

const { ok, warn, fail, unknown } = judgeOf('dhcp')

/** The guest gets our answer, makes of it what the inventory wants, and nobody else answers it. */
export function dhcpLink(guest: Guest, { dhcp }: BootFacts): Link {
  const { domain, network } = guest
  if (domain.boot === 'static') return ok('not asked: the address is fixed')
  if (dhcp.kind === 'unknown') return unknown(dhcp.reason)
  const { simulation, silence, rivals = { seen: [] } } = dhcp.value
  if (!simulation.answered)
    return fail(`no answer: ${simulation.reason ?? 'the responder stays silent'}`, silenceFix(guest))
  const [fault] = mismatches(guest, dhcp.value)
  if (fault !== undefined) {
    return fail(
      fault,
      `take out what overrides it in the options of network ${network.name} or of ${domain.name}`,
    )
  }
  const told = `${simulation.address} and ${simulation.rootServer}:${simulation.rootPath}`
  const rival = judgeRivals(guest, rivals, told)
  if (silence === undefined || rival.status === 'fail') return rival
  return warn(`our answer would give ${told}, but ${silence.why}`, silence.fix)
}

/** Our answer is right; it counts only when nobody else is faster. */
function judgeRivals({ domain, network }: Guest, { seen, probed }: RivalFacts, told: string): Link {
  const stop = `stop that server, or let it ignore ${domain.mac}`
  if (probed?.kind === 'known' && probed.value.length > 0) {
    return fail(
      `${probed.value.join(', ')} answers DHCP on network ${network.name} too, and the guest takes the first answer`,
      stop,
    )
  }
  const [latest] = seen.toSorted((a, b) => b.at.localeCompare(a.at))
  if (latest !== undefined) {
    return warn(
      `our answer gives ${told}, but ${latest.server} answers on network ${network.name} too: ${latest.mac} chose it at ${latest.at}`,
      stop,
    )
  }
  if (probed?.kind === 'unknown')
    return unknown(`our answer gives ${told}; whether another server answers too: ${probed.reason}`)
  return ok(probed === undefined ? `our answer gives ${told}` : `our answer, the only one, gives ${told}`)
}

function mismatches({ domain, server, image }: Guest, { simulation }: DhcpFact): string[] {
  const pairs = [
    ['address', simulation.address, domain.address],
    ['NFS server', simulation.rootServer, server.address],
    ['root path', simulation.rootPath, image.path],
  ] as const
  return pairs.flatMap(([what, got, wanted]) =>
    got === wanted
      ? []
      : [`the guest reads the ${what} ${got ?? 'as nothing'} from our answer, not ${wanted}`],
  )
}

const silenceFix = ({ network }: Guest) =>
  network.dhcp === 'serve' ? undefined : `set dhcp: serve on network ${network.name}, or boot: static`
