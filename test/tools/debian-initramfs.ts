import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type DebianKernel, run } from './debian-kernels.ts'

// Initramfs files as Debian's own programs make them, for kernels that are not installed.

export interface InitramfsSettings {
  /** The MODULES of initramfs.conf. */
  readonly modules: 'netboot' | 'list'
  /** What is in the file `modules` besides. */
  readonly named?: readonly string[]
  readonly compression: string
}

/** Has mkinitramfs make an initramfs at `file`; its settings lie beside it then. */
export async function makeInitramfsTools(
  kernel: DebianKernel,
  { modules, named = [], compression }: InitramfsSettings,
  file: string,
): Promise<void> {
  const settings = join(dirname(file), 'settings')
  await mkdir(dirname(file), { recursive: true })
  await cp('/etc/initramfs-tools', settings, { recursive: true })
  const conf = await readFile(join(settings, 'initramfs.conf'), 'utf8')
  const boot = modules === 'netboot' || named.length > 0 ? 'nfs' : 'local'
  const own = `\nMODULES=${modules}\nBOOT=${boot}\nCOMPRESS=${compression}\n`
  await writeFile(join(settings, 'initramfs.conf'), conf + own)
  await writeFile(join(settings, 'modules'), `${named.join('\n')}\n`)
  await inKernelsPlace(kernel, ['mkinitramfs', '-d', settings, '-o', file, kernel.release])
}

/** Has dracut make an initramfs with its module for NFS at `file`, for any machine. */
export async function makeDracut(
  kernel: DebianKernel,
  file: string,
  more: readonly string[] = [],
): Promise<void> {
  const words = ['-q', '--force', '--no-hostonly', '--kver', kernel.release, '--gzip', ...more]
  await inKernelsPlace(kernel, ['dracut', ...words, '--add', 'nfs network-legacy', file])
}

// The programs look for modules and the configuration in fixed places: those are laid over in a mount namespace.
async function inKernelsPlace(kernel: DebianKernel, argv: readonly string[]) {
  const script = `mkdir -p /lib/modules && mount --bind "$0/lib/modules" /lib/modules &&
    mount --bind "$0/boot" /boot && depmod "$1" && shift && exec "$@"`
  const apart = ['unshare', '--mount', '--propagation', 'private'] as const
  await run([...apart, 'sh', '-c', script, kernel.folder, kernel.release, ...argv])
}
