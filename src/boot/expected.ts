import { netmaskOf, parseCidr } from '../model/address.ts'
import { type Guest, isWritable } from '../model/inventory.ts'
import { type DhcpAnswer, type Fault, fail, type Outcome, optionValue, warn } from './outcome.ts'

/** What our DHCP has to tell a guest about its boot. */
export function expectedAnswer({ domain, network, server, image }: Guest): DhcpAnswer {
  return {
    address: domain.address,
    mask: maskOf(network.cidr),
    ...(network.gateway !== undefined && { router: network.gateway }),
    rootPath: `${server.address}:${image.path}`,
    siaddr: server.address,
    serverId: network.dhcpServer ?? server.address,
    hostname: domain.name,
    dns: network.dns,
    ntp: network.ntp,
    ...(network.mtu !== undefined && { mtu: network.mtu }),
  }
}

/** What a guest ends up with otherwise than the inventory wants it. */
export function compareOutcome(guest: Guest, outcome: Outcome): Fault[] {
  const { domain, server, image, network } = guest
  const faults = [
    differs('gets its address by', outcome.autoconf, domain.boot),
    differs('takes the address', outcome.client, domain.address),
    differs('takes the mask', outcome.netmask, maskOf(network.cidr)),
    differs('mounts from', outcome.server, server.address),
    differs('mounts', outcome.path, image.path),
    accessFault(isWritable(image), outcome.readOnly),
    differs('mounts by NFS', outcome.version ?? 'of any version', domain.nfsVersion),
  ].filter((fault) => fault !== undefined)
  const size = optionValue(outcome.options, 'rsize')
  return size === '4096'
    ? [...faults, warn('the guest reads only 4096 bytes at a time', 'ask for a larger rsize')]
    : faults
}

/** Read-only first and rw later is what many an init does; rw on a shared root can only go wrong. */
function accessFault(isWritableRoot: boolean, readOnly: boolean): Fault | undefined {
  if (isWritableRoot !== readOnly) return undefined
  return readOnly
    ? warn(
        'the guest mounts its writable root ro',
        'leave ro out of cmdlineExtra, if its init does not remount',
      )
    : fail('the guest mounts rw what is shared ro', 'leave rw out of cmdlineExtra')
}

function differs(what: string, got: string | undefined, wanted: string): Fault | undefined {
  return got === wanted ? undefined : fail(`the guest ${what} ${got ?? 'nothing'}, not ${wanted}`)
}

function maskOf(text: string): string {
  const cidr = parseCidr(text)
  if (cidr === undefined) throw new Error(`network ${text} was not checked`)
  return netmaskOf(cidr)
}
