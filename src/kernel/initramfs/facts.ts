/** What is in an initramfs, by the names of its files. */
export interface InitramfsFacts {
  readonly path: string
  /** Of its compressed part; `none` when it is plain cpio. */
  readonly compression: string
  /** Modules in it by kernel release, those it lists as built in among them, with `-` for `_`. */
  readonly modules: ReadonlyMap<string, ReadonlySet<string>>
  /** Paths of all files but modules, without a leading slash. */
  readonly files: ReadonlySet<string>
  /** Why it could not be read to its end. */
  readonly unreadable: string | undefined
}
