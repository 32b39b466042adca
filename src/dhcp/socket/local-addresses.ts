import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { contains, isIpv4, parseCidr, parseIpv4 } from '../../model/address.ts'
import type { Ipv4 } from '../../model/grammar.ts'
import type { ServedNetwork } from '../directory.ts'

/** This machine's IPv4 addresses; the interface is undefined for one without carrier, such as a bridge with no port. */
export type LocalAddresses = ReadonlyMap<Ipv4, string | undefined>

/**
 * Finds all of this machine's addresses.
 *
 * os.networkInterfaces() leaves out interfaces without carrier, and a bridge has none until its first guest
 * starts: so the kernel's routing table of local addresses is read too.
 */
export function localAddresses(): LocalAddresses {
  const found = new Map<Ipv4, string | undefined>()
  for (const address of parseFibTrie(readFibTrie())) found.set(address, undefined)
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { family, address } of addresses ?? []) if (family === 'IPv4') found.set(address, name)
  }
  return found
}

/** The address guests of a network reach us at: the one it names, else one on its bridge, else any inside it. */
export function addressFor(network: ServedNetwork, addresses: LocalAddresses): Ipv4 | undefined {
  if (network.dhcpServer !== undefined) {
    return addresses.has(network.dhcpServer) ? network.dhcpServer : undefined
  }
  const cidr = parseCidr(network.cidr)
  if (cidr === undefined) return undefined
  const inside = [...addresses].filter(([address]) => contains(cidr, parseIpv4(address)))
  return (inside.find(([, name]) => name === network.bridge) ?? inside[0])?.[0]
}

/** Local host routes of /proc/net/fib_trie: a line `|-- ADDRESS`, then a line `/32 host LOCAL`. */
export function parseFibTrie(text: string): Ipv4[] {
  const addresses: Ipv4[] = []
  let last = ''
  for (const line of text.split('\n')) {
    const [, address] = /\|-- (\S+)/.exec(line) ?? []
    if (address !== undefined) last = address
    else if (line.includes('/32 host LOCAL') && isIpv4(last)) addresses.push(last)
  }
  return addresses
}

function readFibTrie(): string {
  try {
    return readFileSync('/proc/net/fib_trie', 'utf8')
  } catch {
    return '' // not Linux: os.networkInterfaces() is all there is
  }
}
