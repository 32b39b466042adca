import type { KernelVerdict } from './verdict.ts'

/** Who reads the root parameters of the command line, each with a spelling of its own. */
export type RootDialect = 'kernel' | 'klibc' | 'dracut' | 'mkinitcpio'

/**
 * Says in which spelling the command line must name the root.
 *
 * @returns undefined when the kernel cannot, or when it takes an initramfs that is not known yet
 */
export function rootDialect(verdict: Pick<KernelVerdict, 'verdict' | 'initramfs'>): RootDialect | undefined {
  if (verdict.verdict === 'in-kernel') return 'kernel'
  if (verdict.verdict !== 'initramfs' || verdict.initramfs === undefined) return undefined
  return DIALECTS[verdict.initramfs.generator]
}

const DIALECTS: Readonly<Record<string, RootDialect | undefined>> = {
  'initramfs-tools': 'klibc',
  dracut: 'dracut',
  mkinitcpio: 'mkinitcpio',
}
