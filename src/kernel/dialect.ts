import type { InitramfsSummary, KernelVerdict } from './verdict.ts'

/** Who reads the root parameters of the command line, each with a spelling of its own. */
export type RootDialect = 'kernel' | 'klibc' | 'dracut' | 'mkinitcpio'

/**
 * Says in which spelling the command line must name the root when this initramfs is there, whether it can do what
 * is asked or not.
 *
 * @returns undefined when no initramfs was looked at, or when it is not known what made it
 */
export function rootDialect({ initramfs }: Pick<KernelVerdict, 'initramfs'>): RootDialect | undefined {
  return initramfs && DIALECTS[initramfs.generator]
}

const DIALECTS: Readonly<Record<InitramfsSummary['generator'], RootDialect | undefined>> = {
  'initramfs-tools': 'klibc',
  dracut: 'dracut',
  mkinitcpio: 'mkinitcpio',
  none: 'kernel', // without /init the kernel goes its own way
  unknown: undefined,
}
