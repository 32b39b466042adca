import type { SymbolValue } from './config.ts'
import type { BootPath } from './request.ts'
import type { When } from './rules.ts'

export type Verdict = 'in-kernel' | 'initramfs' | 'no' | 'undetermined'

/** One thing that is not as it should be; `neededFor` says which way to the root it closes (`error`) or spoils. */
export interface Finding {
  /** `CONFIG_ROOT_NFS`; for what is not a symbol `initramfs` or `image`. */
  readonly symbol: string
  readonly want: string
  readonly have: SymbolValue
  readonly severity: 'error' | 'warn' | 'info'
  readonly neededFor: readonly BootPath[]
  /** What the boot would have to be for this to count; absent: the one asked for. */
  readonly only?: Pick<When, 'type' | 'boot' | 'userland'>
  readonly why: string
  /** What is seen on the console of this kernel version. */
  readonly symptom: string
  /** The screens of menuconfig; empty when the symbol has no prompt. */
  readonly menu: readonly string[]
  /** Unmet dependencies, nearest first; `!CONFIG_X` for one that must be off. */
  readonly blockedBy: readonly string[]
}

/** The answer of `domus kernel check --json` (interface), with what was used to find it. */
export interface KernelVerdict {
  readonly path: string
  /** The release where it is known (`6.1.0-56-amd64`), else the version of the config; empty when neither is. */
  readonly version: string
  readonly arch: string
  readonly source: 'config' | 'config.gz' | 'ikconfig' | 'image'
  readonly verdict: Verdict
  /** Whether the kernel can start as a guest of that type at all; null when it cannot be told. */
  readonly boots: { readonly pv: boolean | null; readonly pvh: boolean | null }
  readonly migrates: boolean | null
  readonly findings: readonly Finding[]
  readonly fragment: string
  /** Why the verdict is `undetermined`. */
  readonly reason?: string
  /** The file the configuration was read from, when it is not `path` itself. */
  readonly configPath?: string
  /** What the initramfs given with it is. */
  readonly initramfs?: InitramfsSummary
}

export interface InitramfsSummary {
  readonly path: string
  readonly generator: 'initramfs-tools' | 'dracut' | 'mkinitcpio' | 'none' | 'unknown'
  readonly compression: string
  /** Kernel releases it holds modules for. */
  readonly versions: readonly string[]
}
