import { netmaskOf, parseCidr } from '../model/address.ts'
import { type Guest, isWritable } from '../model/inventory.ts'
import type { XlConfig, XmConfig } from './contexts.ts'

/** What a config of today's xl holds; `cmdline` is composed by boot/cmdline.ts. */
export const xlConfigOf = (guest: Guest, cmdline: string): XlConfig => ({
  ...commonOf(guest),
  type: guest.kernel.type,
  cmdline,
})

/**
 * What a config of xend's days holds, as in The Book of Xen.
 *
 * It has no place for NFS options: xend writes `nfsroot=SERVER:PATH` and nothing else.
 */
export function xmConfigOf(guest: Guest): XmConfig {
  const { domain, image, network, server } = guest
  const cidr = parseCidr(network.cidr)
  if (cidr === undefined) throw new Error(`network ${network.name} with cidr ${network.cidr} was not checked`)
  const isStatic = domain.boot === 'static'
  return {
    ...commonOf(guest),
    nfsServer: server.address,
    nfsRoot: image.path,
    hostname: domain.name,
    fixed: isStatic && { ip: domain.address, netmask: netmaskOf(cidr), gateway: network.gateway ?? false },
    dhcp: domain.boot === 'static' ? false : domain.boot,
    extra: [isWritable(image) ? 'rw' : 'ro', 'console=hvc0', domain.cmdlineExtra ?? '']
      .filter((word) => word !== '')
      .join(' '),
  }
}

/** What of a guest such a config cannot say, one line each. */
export const lostInXm = ({ domain, kernel }: Guest): string[] =>
  [
    kernel.type !== 'pv' && `type ${kernel.type}: xend starts such a kernel as a PV guest`,
    domain.nfsVersion !== '3' &&
      `nfsVersion ${domain.nfsVersion}: its kernel mounts by the version of its own choice`,
    domain.nfsOptions !== undefined && `nfsOptions ${domain.nfsOptions}: xend writes none`,
    kernel.initrd !== undefined && `the words for the initramfs ${kernel.initrd}: put them into cmdlineExtra`,
  ].filter((one) => one !== false)

const commonOf = ({ domain, kernel, network }: Guest) => ({
  name: domain.name,
  uuid: domain.uuid,
  kernel: kernel.path,
  ramdisk: kernel.initrd ?? (false as const),
  memoryMiB: domain.memoryMiB,
  vcpus: domain.vcpus,
  vifs: [`mac=${domain.mac},bridge=${network.bridge}`],
  disks: domain.disks,
  onPoweroff: domain.onPoweroff,
  onReboot: domain.onReboot,
  onCrash: domain.onCrash,
})
