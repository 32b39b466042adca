import type { Dialect } from './cmdline.ts'
import { dracutOutcome } from './dracut.ts'
import { type KernelFeatures, kernelOutcome } from './kernel-client.ts'
import { klibcOutcome, mkinitcpioOutcome } from './klibc.ts'
import type { DhcpAnswer, Outcome } from './outcome.ts'

/** Says what a guest ends up with; `features` counts only where the kernel itself reads the line. */
export type Model = (cmdline: string, answer?: DhcpAnswer, features?: KernelFeatures) => Outcome

/** THE TABLE: who reads a command line, and how. */
export const models: Record<Dialect, Model> = {
  kernel: kernelOutcome,
  klibc: klibcOutcome,
  dracut: dracutOutcome,
  mkinitcpio: mkinitcpioOutcome,
}
