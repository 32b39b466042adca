import { z } from 'zod'
import { name, path } from './grammar.ts'

/** A guest kernel as it lies on every dom0 that starts guests with it. */
export const Kernel = z.strictObject({
  name,
  path,
  type: z.enum(['pv', 'pvh']).default('pv'),
  initrd: path.optional(),
  /** What made the initrd, since each reads its own spelling of the root; Debian's initramfs-tools (klibc) when absent. */
  initramfs: z.enum(['klibc', 'dracut', 'mkinitcpio']).optional(),
  /** The kernel's .config, when it does not lie beside it. */
  config: path.optional(),
})
export type Kernel = z.infer<typeof Kernel>
