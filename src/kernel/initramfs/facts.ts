/** What is in an initramfs, by the names of its files. */
export interface InitramfsFacts {
  readonly path: string
  /** Which program made it; `none` when it has no /init, `unknown` when it has one that is none of these. */
  readonly generator: 'initramfs-tools' | 'dracut' | 'mkinitcpio' | 'none' | 'unknown'
  /** Of its compressed part; `none` when it is plain cpio. */
  readonly compression: string
  /** Kernel releases it holds modules for. */
  readonly versions: readonly string[]
  /** Modules in it, and those it lists as built in, with `-` for `_`. */
  readonly modules: ReadonlySet<string>
  /** Paths of its files without a leading slash, kept only where a rule asks for them. */
  readonly files: ReadonlySet<string>
  /** Why it could not be read to its end. */
  readonly unreadable: string | undefined
}
