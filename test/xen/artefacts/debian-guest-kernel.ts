import { copyFile, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { makeDracut, makeInitramfsTools } from '../../tools/debian-initramfs.ts'
import { type DebianKernel, kernelPackage, unpackKernel } from '../../tools/debian-kernels.ts'
import { LabError } from '../settings.ts'
import type { Artefact } from './artefact.ts'

/** Initramfs files for Debian's kernel, by the name of what makes them different. */
export const debianInitrds = {
  /** initramfs-tools for NFS, with no more modules than that takes. */
  'initramfs-tools': (kernel, file) =>
    makeInitramfsTools(kernel, { modules: 'list', named: NFS_MODULES, compression: 'gzip' }, file),
  /** initramfs-tools for a local disk: neither NFS nor a network card. */
  'without-nfs': (kernel, file) => makeInitramfsTools(kernel, { modules: 'list', compression: 'gzip' }, file),
  /** dracut with its own NFS module. */
  dracut: (kernel, file) =>
    makeDracut(kernel, file, [
      ...['--drivers', NFS_MODULES.join(' '), '--omit', 'crypt dm lvm mdraid multipath plymouth resume'],
    ]),
} as const satisfies Record<string, (kernel: DebianKernel, file: string) => Promise<void>>
export type DebianInitrd = keyof typeof debianInitrds

const NFS_MODULES = ['xen-netfront', 'nfs', 'nfsv3', 'nfsv4', 'af_packet']
const MAKERS = ['initramfs-tools-core', 'klibc-utils', 'dracut-core', 'dracut-network', 'nfs-common']

/** bzImage and config of Debian's stock kernel, and `initrd-NAME` for each of its initramfs files. */
export async function debianGuestKernel(): Promise<Artefact> {
  const { name, version } = await kernelPackage('linux-image-amd64')
  return {
    name: 'debian-kernel',
    title: 'Debian kernel with its initramfs files',
    minutes: 3,
    inputs: { kernel: `${name} ${version}`, makers: await versionsOf(MAKERS), recipe: '1' },
    build: async (folder) => {
      const unpacked = join(folder, 'unpacked')
      await mkdir(unpacked)
      const kernel = await unpackKernel(name, unpacked)
      await copyFile(kernel.image, join(folder, 'bzImage'))
      await copyFile(kernel.config, join(folder, 'config'))
      for (const [initrd, make] of Object.entries(debianInitrds)) {
        const made = join(unpacked, initrd, 'initrd')
        await mkdir(dirname(made))
        await make(kernel, made)
        await copyFile(made, join(folder, `initrd-${initrd}`))
      }
      await rm(unpacked, { recursive: true }) // 400 MB of modules
    },
  }
}

async function versionsOf(packages: readonly string[]): Promise<string> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own notation
  const format = '${Package} ${Version}\\n'
  const { failed, stdout } = await execa('dpkg-query', ['-W', '-f', format, ...packages], { reject: false })
  if (failed) throw new LabError(`kernels of Debian need the packages ${packages.join(' ')}`)
  return stdout
}
