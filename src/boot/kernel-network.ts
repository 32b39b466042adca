import type { Ipv4 } from '../model/grammar.ts'
import { type IpParam, isOnLink } from './ip-param.ts'
import { classMask, type DhcpAnswer, type Fault, fail, type Outcome, warn } from './outcome.ts'

/** First vif of a domU, as netfront names it while no user space renames it. */
const DEVICE = 'eth0'

/** The network as the kernel leaves it. */
export interface Network {
  readonly autoconf: Outcome['autoconf']
  readonly needsAnswer: boolean
  readonly client: Ipv4 | undefined
  readonly netmask: Ipv4 | undefined
  readonly gateway: Ipv4 | undefined
  readonly hostname: string | undefined
  readonly dns: readonly Ipv4[]
  readonly mtu: number | undefined
  /** From ip= or siaddr; the server of last resort. */
  readonly bootServer: Ipv4 | undefined
  /** Option 17 as it came. */
  readonly rootPath: string | undefined
  readonly faults: readonly Fault[]
}

/**
 * Configures the one network card of a guest from ip= or an answer.
 *
 * @param nfsroot undefined when there is no nfsroot= at all: the kernel then asks nobody for a server
 * @see net/ipv4/ipconfig.c: ip_auto_config
 */
export function configureNetwork(
  ip: IpParam,
  nfsroot: { server: Ipv4 | undefined } | undefined,
  answer: DhcpAnswer | undefined,
): Network {
  const fixed = {
    client: ip.client,
    netmask: ip.netmask,
    gateway: ip.gateway,
    hostname: ip.hostname,
    dns: ip.dns,
    mtu: undefined,
    bootServer: ip.server,
    rootPath: undefined,
  }
  const down = (fault: Fault): Network => ({
    ...fixed,
    autoconf: 'none',
    needsAnswer: false,
    client: undefined,
    faults: [fault],
  })
  if (!ip.enabled) {
    return down(fail('no ip= that turns configuration on: the kernel leaves the network down', 'add ip='))
  }
  if (ip.device !== undefined && ip.device !== DEVICE) {
    return down(
      fail(`the guest has no device ${ip.device}: its first vif is ${DEVICE}`, `name ${DEVICE} in ip=`),
    )
  }
  const isMissing = nfsroot !== undefined && nfsroot.server === undefined && ip.server === undefined
  if (ip.client !== undefined && !isMissing) {
    return withDefaults({ ...fixed, autoconf: 'static', needsAnswer: false, faults: [] })
  }
  if (!ip.protocols.dhcp && !ip.protocols.bootp) {
    return down(
      fail(
        'address or server is missing, and the kernel can ask nobody: "IP-Config: Incomplete network configuration information"',
        'give ip= all of client, server and mask, or use a kernel with CONFIG_IP_PNP_DHCP',
      ),
    )
  }
  if (ip.client !== undefined && ip.protocols.dhcp) {
    return down(
      fail(
        `ip= has the address ${ip.client} but no server is named: the kernel asks by DHCP and, having an address, drops every offer`,
        'name the server in ip= or nfsroot=',
      ),
    )
  }
  return ask(ip, answer)
}

/** First value wins: ip='s over the answer's, except address and boot server (ic_do_bootp_ext, ic_bootp_recv). */
function ask(ip: IpParam, answer: DhcpAnswer | undefined): Network {
  const autoconf = ip.protocols.dhcp ? 'dhcp' : 'bootp'
  const asked = { autoconf, needsAnswer: answer === undefined, faults: [] } as const
  if (answer === undefined) {
    return {
      ...asked,
      client: undefined,
      netmask: ip.netmask,
      gateway: ip.gateway,
      hostname: ip.hostname,
      dns: [],
      mtu: undefined,
      bootServer: undefined,
      rootPath: undefined,
    }
  }
  const siaddr = answer.siaddr ?? '0.0.0.0'
  // 255.255.255.255 is how the kernel says "not set", so a mask of /32 counts for nothing.
  const mask = answer.mask === '255.255.255.255' ? undefined : answer.mask
  const hostOnly = answer.mask !== undefined && mask === undefined
  return withDefaults({
    ...asked,
    client: answer.address,
    netmask: ip.netmask ?? mask,
    gateway: ip.gateway ?? answer.router,
    hostname: ip.hostname ?? answer.hostname?.slice(0, 64),
    // Without option 6 it is the boot server; of an OFFER that is option 54, and the first value stays.
    dns: answer.dns?.length ? answer.dns.slice(0, 3) : [(ip.protocols.dhcp && answer.serverId) || siaddr],
    mtu: answer.mtu,
    bootServer: siaddr,
    rootPath: answer.rootPath?.slice(0, 255),
    faults: hostOnly
      ? [
          warn(
            'the kernel reads the mask 255.255.255.255 as none and guesses',
            'answer with the network’s mask',
          ),
        ]
      : [],
  })
}

/** @see net/ipv4/ipconfig.c: ic_defaults, ic_setup_routes */
function withDefaults(network: Network): Network {
  const { client, gateway } = network
  if (client === undefined) return network
  const netmask = network.netmask ?? classMask(client)
  const faults = [...network.faults]
  if (network.netmask === undefined) {
    faults.push(
      netmask === undefined
        ? fail(`no mask is given, and none can be guessed for ${client}`, 'give the mask')
        : warn(`no mask is given: the kernel guesses ${netmask}`, 'give the mask'),
    )
  }
  if (gateway !== undefined && netmask !== undefined && !isOnLink(gateway, client, netmask)) {
    faults.push(
      warn(
        `gateway ${gateway} is not in the network of ${client}: "IP-Config: Gateway not on directly connected network"`,
        'give a gateway in the same network',
      ),
    )
  }
  return { ...network, netmask, faults }
}
