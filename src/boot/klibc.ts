import { isIpv4 } from '../model/address.ts'
import type { Ipv4 } from '../model/grammar.ts'
import { optionFaults, sourceFaults } from './nfsmount.ts'
import {
  classMask,
  type DhcpAnswer,
  type Fault,
  fail,
  isReadOnly,
  nfsVersionOf,
  type Outcome,
  splitOptions,
  warn,
} from './outcome.ts'
import { shellWords, valuesOf } from './words.ts'

/**
 * What a guest ends up with through an initrd of initramfs-tools, whose network and mount are klibc's: a
 * model of its `init`, `scripts/functions: configure_networking` and `scripts/nfs` (0.142), and of klibc's
 * `ipconfig` and `nfsmount` (2.0.12).
 *
 * Unlike the kernel it forgets the OFFER: the ACK alone counts, and it clears the host name of ip=.
 */
export const klibcOutcome = (cmdline: string, answer?: DhcpAnswer): Outcome =>
  outcomeOf(shellWords(cmdline), answer, bootFaults)

/**
 * The same through mkinitcpio's `net` hook, whose ipconfig and nfsmount were taken from klibc. It mounts by
 * NFS when root= is /dev/nfs or nfsroot= is there.
 */
export const mkinitcpioOutcome = (cmdline: string, answer?: DhcpAnswer): Outcome =>
  outcomeOf(shellWords(cmdline), answer, (words) =>
    valuesOf(words, 'root').at(-1) === '/dev/nfs' || valuesOf(words, 'nfsroot').length > 0
      ? []
      : [fail('the net hook mounts by NFS only with root=/dev/nfs or nfsroot=', 'set root=/dev/nfs')],
  )

function outcomeOf(
  words: readonly string[],
  answer: DhcpAnswer | undefined,
  handlerFaults: (words: readonly string[]) => Fault[],
): Outcome {
  const faults = handlerFaults(words)
  const network = ipconfig(valuesOf(words, 'ip').at(-1) ?? '', answer)
  faults.push(...network.faults, ...deviceFaults(words, network.device))
  const root = mountSource(valuesOf(words, 'nfsroot').at(-1) ?? 'auto', network)
  const [, server, path] = /^([^:]*):(.*)$/s.exec(root.source ?? '') ?? []
  if (root.source !== undefined) faults.push(...sourceFaults(server, path))
  faults.push(...optionFaults(root.options))
  return {
    autoconf: network.autoconf,
    needsAnswer: network.needsAnswer,
    client: network.client,
    netmask: network.netmask,
    gateway: network.gateway,
    hostname: network.hostname,
    dns: network.dns,
    mtu: network.mtu,
    device: network.device,
    server,
    path,
    options: ['nolock', isReadOnly(words) ? 'ro' : 'rw', ...root.options],
    version: nfsVersionOf(root.options) ?? '3',
    readOnly: isReadOnly([isReadOnly(words) ? 'ro' : 'rw', ...root.options]),
    faults,
  }
}

/** `boot=nfs`, or `root=/dev/nfs` before any other `boot=`. @see initramfs-tools: init */
function bootFaults(words: readonly string[]): Fault[] {
  let boot = ''
  for (const word of words) {
    if (word.startsWith('boot=')) boot = word.slice('boot='.length)
    if (word === 'root=/dev/nfs' && boot === '') boot = 'nfs'
  }
  return boot === 'nfs'
    ? []
    : [fail('neither boot=nfs nor root=/dev/nfs: the initrd looks for a local root', 'add boot=nfs')]
}

function deviceFaults(words: readonly string[], device: string | undefined): Fault[] {
  if (device === undefined) return []
  if (device !== 'eth0') {
    return [fail(`the guest has no device ${device}: its first vif is eth0`, 'name eth0 in ip=')]
  }
  if (valuesOf(words, 'net.ifnames').at(-1) === '0') return []
  return [
    fail('udev renames eth0 to enX0, and the initrd waits for eth0 until it gives up', 'add net.ifnames=0'),
  ]
}

interface Network {
  readonly autoconf: Outcome['autoconf']
  readonly needsAnswer: boolean
  readonly device: string | undefined
  readonly client: Ipv4 | undefined
  readonly netmask: Ipv4 | undefined
  readonly gateway: Ipv4 | undefined
  readonly hostname: string | undefined
  readonly dns: readonly Ipv4[]
  readonly mtu: number | undefined
  /** ROOTSERVER and ROOTPATH of /run/net-DEVICE.conf. */
  readonly rootServer: Ipv4 | undefined
  readonly rootPath: string | undefined
  readonly faults: readonly Fault[]
}

const DOWN: Network = {
  autoconf: 'none',
  needsAnswer: false,
  device: undefined,
  client: undefined,
  netmask: undefined,
  gateway: undefined,
  hostname: undefined,
  dns: [],
  mtu: undefined,
  rootServer: undefined,
  rootPath: undefined,
  faults: [],
}

/** Protocols by name; undefined is a name it stops at. @see klibc, ipconfig/main.c: parse_proto */
const PROTOCOLS: ReadonlyMap<string, Outcome['autoconf']> = new Map([
  ['', 'dhcp'],
  ['on', 'dhcp'],
  ['any', 'dhcp'],
  ['dhcp', 'dhcp'],
  ['both', 'bootp'],
  ['bootp', 'bootp'],
  ['none', 'static'],
  ['static', 'static'],
  ['off', 'static'],
])

/** @see initramfs-tools: configure_networking; klibc, ipconfig/main.c: parse_device */
function ipconfig(value: string, answer: DhcpAnswer | undefined): Network {
  if (value === 'none' || value === 'off') {
    return {
      ...DOWN,
      faults: [fail(`ip=${value}: the initrd leaves the network down`, 'give ip= an address or dhcp')],
    }
  }
  if (!value.includes(':')) {
    const autoconf = PROTOCOLS.get(value)
    if (autoconf === undefined) return { ...DOWN, faults: [badProtocol(value)] }
    return ask({ ...DOWN, autoconf }, answer)
  }
  const [client, server, gateway, netmask, hostname, device, protocol, ...dns] = value
    .split(':')
    .map((field) => (field === '' ? undefined : field))
  const fixed: Network = {
    ...DOWN,
    client,
    gateway,
    hostname,
    device,
    netmask,
    rootServer: server,
    dns: dns.slice(0, 2).filter((one) => one !== undefined),
  }
  const bad = [client, server, gateway, netmask, ...fixed.dns].find(
    (one) => one !== undefined && !isIpv4(one),
  )
  if (bad !== undefined) {
    return {
      ...DOWN,
      faults: [fail(`ipconfig: can't parse IP address '${bad}'`, 'write dotted quads in ip=')],
    }
  }
  // An address alone turns asking off; a protocol after it turns it on again.
  const autoconf =
    protocol === undefined ? (client === undefined ? 'dhcp' : 'static') : PROTOCOLS.get(protocol)
  if (autoconf === undefined) return { ...DOWN, faults: [badProtocol(protocol ?? '')] }
  if (autoconf !== 'static') return ask({ ...fixed, autoconf }, answer)
  if (client === undefined) {
    return {
      ...DOWN,
      faults: [fail(`ip=${value} names no address and asks for none`, 'give ip= an address or dhcp')],
    }
  }
  return withMask({ ...fixed, autoconf })
}

const badProtocol = (name: string) =>
  fail(`ipconfig: invalid protocol '${name}'`, 'use ip=dhcp, bootp, or addresses')

/** The answer replaces all that ip= said but the device. @see klibc, ipconfig/bootp_proto.c: bootp_parse */
function ask(network: Network, answer: DhcpAnswer | undefined): Network {
  if (answer === undefined) {
    return { ...DOWN, autoconf: network.autoconf, device: network.device, needsAnswer: true }
  }
  return withMask({
    ...network,
    client: answer.address,
    netmask: answer.mask,
    gateway: answer.router,
    hostname: answer.hostname?.slice(0, 64),
    dns: (answer.dns ?? []).slice(0, 2),
    mtu: answer.mtu,
    rootServer: nonZero(answer.siaddr) ?? answer.serverId,
    rootPath: answer.rootPath?.slice(0, 255),
  })
}

const nonZero = (address: Ipv4 | undefined) => (address === '0.0.0.0' ? undefined : address)

function withMask(network: Network): Network {
  if (network.netmask !== undefined || network.client === undefined) return network
  const netmask = classMask(network.client)
  return {
    ...network,
    netmask,
    faults: [warn(`no mask is given: ipconfig guesses ${netmask}`, 'give the mask')],
  }
}

/** What nfsmount is called with; undefined while an answer is missing. @see initramfs-tools, scripts/nfs: nfs_mount_root_impl */
function mountSource(nfsroot: string, network: Network): { source: string | undefined; options: string[] } {
  const { rootServer = '0.0.0.0', rootPath = '', needsAnswer } = network
  const standard = ['retrans=10']
  if (nfsroot === 'auto') {
    if (needsAnswer) return { source: undefined, options: standard }
    return { source: rootPath.includes(':') ? rootPath : `${rootServer}:${rootPath}`, options: standard }
  }
  const comma = nfsroot.indexOf(',')
  const name = comma < 0 ? nfsroot : nfsroot.slice(0, comma)
  const options = comma < 0 ? standard : splitOptions(nfsroot.slice(comma + 1))
  if (name.includes(':')) return { source: name, options }
  return { source: needsAnswer ? undefined : `${rootServer}:${name}`, options }
}
