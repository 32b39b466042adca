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
  const access = isWritable(image) ? 'rw' : 'ro'
  const got = outcome.readOnly ? 'ro' : 'rw'
  const faults = [
    differs('gets its address by', outcome.autoconf, domain.boot),
    differs('takes the address', outcome.client, domain.address),
    differs('takes the mask', outcome.netmask, maskOf(network.cidr)),
    differs('mounts from', outcome.server, server.address),
    differs('mounts', outcome.path, image.path),
    differs('mounts', got, access),
    differs('mounts by NFS', outcome.version ?? 'of any version', domain.nfsVersion),
  ].filter((fault) => fault !== undefined)
  const size = optionValue(outcome.options, 'rsize')
  return size === '4096'
    ? [...faults, warn('the guest reads only 4096 bytes at a time', 'ask for a larger rsize')]
    : faults
}

function differs(what: string, got: string | undefined, wanted: string): Fault | undefined {
  return got === wanted ? undefined : fail(`the guest ${what} ${got ?? 'nothing'}, not ${wanted}`)
}

function maskOf(text: string): string {
  const cidr = parseCidr(text)
  if (cidr === undefined) throw new Error(`network ${text} was not checked`)
  return netmaskOf(cidr)
}
