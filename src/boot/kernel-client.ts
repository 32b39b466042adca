import { formatIpv4 } from '../model/address.ts'
import type { Ipv4 } from '../model/grammar.ts'
import { inAton, isOnLink, type Protocols, parseIpParam, splitAddress } from './ip-param.ts'
import { configureNetwork, type Network } from './kernel-network.ts'
import { joinNfsRoot, parseNfsrootParam } from './nfsroot-param.ts'
import {
  type DhcpAnswer,
  type Fault,
  fail,
  isReadOnly,
  nfsVersionOf,
  type Outcome,
  optionValue,
  warn,
} from './outcome.ts'
import { kernelWords, valuesOf } from './words.ts'

/** What a kernel was built with, as far as the reading of its command line depends on it. */
export interface KernelFeatures extends Protocols {
  /** NFS version 2 built in: it is then the default (fs/nfs/nfsroot.c: NFS_DEF_OPTIONS). */
  readonly nfs2: boolean
}

export const USUAL_KERNEL: KernelFeatures = { dhcp: true, bootp: true, nfs2: false }

/**
 * What a guest with one network card ends up with when the kernel itself configures the network and mounts
 * the root: a model of `ip_auto_config`, `ic_bootp_recv` and `root_nfs_data` of Linux 6.1, which 6.12 has unchanged.
 *
 * `answer` is both OFFER and ACK, or the BOOTP reply. Without one, what it would bring stays undefined.
 */
export function kernelOutcome(
  cmdline: string,
  answer?: DhcpAnswer,
  features: KernelFeatures = USUAL_KERNEL,
): Outcome {
  const words = kernelWords(cmdline)
  const ip = parseIpParam([...valuesOf(words, 'ip'), ...valuesOf(words, 'nfsaddrs')], features)
  const faults = [...rootFaults(words), ...ip.notAddresses.map(notAnAddress)]
  const nfsrootValue = valuesOf(words, 'nfsroot').at(-1)
  const nfsroot = nfsrootValue === undefined ? undefined : parseNfsrootParam(nfsrootValue)
  const network = configureNetwork(ip, nfsroot, answer)
  faults.push(...network.faults)

  const option17 = network.rootPath === undefined ? undefined : splitAddress(network.rootPath)
  const server = nfsroot?.server ?? option17?.address ?? network.bootServer
  const nodename = network.hostname ?? network.client ?? '(none)'
  const isKnown = !network.needsAnswer
  if (isKnown && server === undefined) {
    faults.push(fail('no server is known: "Root-NFS: no NFS server address"', 'name the server in nfsroot='))
  }
  const root = joinNfsRoot({
    rootPath: option17?.rest ?? network.rootPath,
    nfsroot: nfsroot?.pathAndOptions,
    server: server ?? '0.0.0.0',
    nodename,
    defaultVersion: features.nfs2 ? '2' : '3',
  })
  const pathIsKnown = isKnown || /^[^,]/.test(nfsroot?.pathAndOptions ?? '')
  if (isKnown) faults.push(...root.faults, ...serverFaults(server, network), ...sizeFaults(root.options))
  return {
    autoconf: network.autoconf,
    needsAnswer: network.needsAnswer,
    client: network.client,
    netmask: network.netmask,
    gateway: network.gateway,
    hostname: network.hostname,
    dns: network.dns,
    mtu: network.mtu,
    device: ip.device,
    server: isKnown ? server : nfsroot?.server,
    path: pathIsKnown ? root.path : undefined,
    options: isKnown ? root.options : root.options.slice(0, -2), // the last two name the server
    version: nfsVersionOf(root.options),
    readOnly: isReadOnly(words),
    faults,
  }
}

function rootFaults(words: readonly string[]): Fault[] {
  const root = valuesOf(words, 'root').at(-1)
  const hasNfsroot = words.some((word) => word.startsWith('nfsroot='))
  if (root === '/dev/nfs' || (root === undefined && hasNfsroot)) return []
  return [
    fail(
      `root=${root ?? ''} is not /dev/nfs: the kernel does not mount its root by NFS`,
      'set root=/dev/nfs',
    ),
  ]
}

const notAnAddress = (word: string) =>
  fail(
    `the kernel reads ${word} in ip= as the address ${formatIpv4(inAton(word))}`,
    'write a dotted quad there, or a protocol that the kernel was built with',
  )

function serverFaults(server: Ipv4 | undefined, network: Network): Fault[] {
  const { client, netmask, gateway } = network
  if (server === undefined || client === undefined || netmask === undefined) return []
  if (server === '0.0.0.0') {
    return [
      fail(
        'the answer names no next server, so the guest asks 0.0.0.0 for its root',
        'set siaddr, or put the server before the root path',
      ),
    ]
  }
  const canRoute = gateway !== undefined && isOnLink(gateway, client, netmask)
  if (isOnLink(server, client, netmask) || canRoute) return []
  return [
    fail(
      `server ${server} is not in the network of ${client}, and there is no gateway`,
      'give the network a gateway',
    ),
  ]
}

function sizeFaults(options: readonly string[]): Fault[] {
  if (optionValue(options, 'rsize') !== '4096') return []
  return [
    warn(
      'the guest reads 4096 bytes at a time, the kernel’s own default',
      'add rsize= and wsize= to nfsroot=',
    ),
  ]
}
