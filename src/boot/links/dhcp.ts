import type { Guest } from '../../model/inventory.ts'
import type { BootFacts, DhcpFact } from '../facts.ts'
import type { Link } from '../link.ts'
import { judgeOf } from './judge.ts'

const { ok, fail, unknown } = judgeOf('dhcp')

/** The guest gets our answer, makes of it what the inventory wants, and nobody else answers it. */
export function dhcpLink(guest: Guest, { dhcp }: BootFacts): Link {
  const { domain, network } = guest
  if (domain.boot === 'static') return ok('not asked: the address is fixed')
  if (dhcp.kind === 'unknown') return unknown(dhcp.reason)
  const { simulation, rivals } = dhcp.value
  if (!simulation.answered)
    return fail(`no answer: ${simulation.reason ?? 'the responder stays silent'}`, silenceFix(guest))
  const [fault] = mismatches(guest, dhcp.value)
  if (fault !== undefined) {
    return fail(
      fault,
      `take out what overrides it in the options of network ${network.name} or of ${domain.name}`,
    )
  }
  if (rivals?.kind === 'unknown') return unknown(`nobody can tell who else answers: ${rivals.reason}`)
  if (rivals !== undefined && rivals.value.length > 0) {
    return fail(
      `${rivals.value.join(', ')} answers DHCP on network ${network.name} too, and the guest takes the first answer`,
      `stop that server, or let it ignore ${domain.mac}`,
    )
  }
  const told = `${simulation.address} and ${simulation.rootServer}:${simulation.rootPath}`
  return ok(rivals === undefined ? `our answer gives ${told}` : `our answer, the only one, gives ${told}`)
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
