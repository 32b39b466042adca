import { join } from 'node:path'
import { execa } from 'execa'
import { inNamespace } from '../namespace.ts'
import { type HostNumber, type LabSettings, sshConfigOf } from '../settings.ts'
import { sshCommand } from '../ssh.ts'
import { type Artefact, ensureArtefact, folderOf } from './artefact.ts'
import { type DebianInitrd, debianGuestKernel } from './debian-guest-kernel.ts'
import { type KernelWorkshop, kernelWorkshop } from './kernel-workshop.ts'
import { changedGuestKernel } from './kernels.ts'

/** Where a kernel is made: from the guests' own with lines changed, or Debian's with an initramfs. */
type Recipe = { readonly changes: string } | { readonly initrd: DebianInitrd }

// In each of them, though only one needs it: it changes every object, and so each is made from the last in a minute.
const MODULES = 'CONFIG_MODULES=y\n'

/** THE TABLE: further kernels for guests, each wrong (or right) in a way of its own. None is on a host by itself. */
export const guestKernels = {
  /** Mounts its root itself, but knows neither ip=dhcp nor ip=bootp. */
  'no-dhcp': { changes: `${MODULES}# CONFIG_IP_PNP_DHCP is not set\n# CONFIG_IP_PNP_BOOTP is not set` },
  /** Mounts its root itself by NFS 4 alone. */
  'no-nfs3': { changes: `${MODULES}# CONFIG_NFS_V3 is not set` },
  /** Its network card is a module, which nothing can load before the root is there. */
  'netfront-module': { changes: `${MODULES}CONFIG_XEN_NETDEV_FRONTEND=m` },
  /** Debian's stock kernel with its own initramfs: NFS 3 by klibc's nfsmount. Needs 256 MiB. */
  debian: { initrd: 'initramfs-tools' },
  /** The same kernel with an initramfs that knows no NFS. */
  'debian-without-nfs': { initrd: 'without-nfs' },
  /** The same kernel with dracut's initramfs: NFS 3 and 4. Needs 400 MiB. */
  'debian-dracut': { initrd: 'dracut' },
} as const satisfies Record<string, Recipe>
export type GuestKernelName = keyof typeof guestKernels
export const guestKernelNames = Object.keys(guestKernels) as readonly GuestKernelName[] // of the table above

/** Where a kernel lies on a host; its configuration is beside it under the same name, `config-…`. */
export interface InstalledKernel {
  readonly path: string
  readonly initrd?: string
}

/** Builds what of these kernels the cache does not hold; one after the other, since each is made from the last. */
export async function ensureGuestKernels(
  lab: LabSettings,
  names: readonly GuestKernelName[] = guestKernelNames,
): Promise<void> {
  const workshop = kernelWorkshop(lab)
  try {
    for (const name of names) await ensureArtefact(lab, await artefactOf(workshop, name))
  } finally {
    await workshop.close()
  }
}

/**
 * Puts a kernel that is in the cache on a running host, in /boot. It is gone when the host boots anew.
 *
 * The kernel of Debian is one file for all its initramfs files: what is there already is not copied again, since a
 * megabyte takes seconds.
 */
export async function installGuestKernel(
  lab: LabSettings,
  host: HostNumber,
  name: GuestKernelName,
): Promise<InstalledKernel> {
  const recipe: Recipe = guestKernels[name]
  const folder = folderOf(lab, await artefactOf(kernelWorkshop(lab), name))
  const kernel = 'initrd' in recipe ? 'debian' : name
  const path = `/boot/vmlinuz-${kernel}`
  await copyToHost(lab, host, join(folder, 'bzImage'), path)
  await copyToHost(lab, host, join(folder, 'config'), `/boot/config-${kernel}`)
  if (!('initrd' in recipe)) return { path }
  const initrd = `/boot/initrd.img-${name}`
  await copyToHost(lab, host, join(folder, `initrd-${recipe.initrd}`), initrd)
  return { path, initrd }
}

function artefactOf(workshop: KernelWorkshop, name: GuestKernelName): Promise<Artefact> {
  const recipe: Recipe = guestKernels[name]
  return 'changes' in recipe ? changedGuestKernel(workshop, name, recipe.changes) : debianGuestKernel()
}

async function copyToHost(lab: LabSettings, host: HostNumber, file: string, path: string): Promise<void> {
  const [ssh, args] = sshCommand(lab, host, ['test', '-e', path])
  if ((await execa(ssh, args, { reject: false })).exitCode === 0) return
  await execa(...inNamespace(lab, ['scp', '-q', '-F', sshConfigOf(lab), file, `xen${host}:${path}`]))
}
