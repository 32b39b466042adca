import type { SymbolValue } from './config.ts'

/** What an image says of itself, whatever its configuration. */
export interface ImageFacts {
  readonly format: 'bzImage' | 'vmlinux'
  readonly arch: string
  /** `6.1.0-56-amd64`; undefined when it has none. */
  readonly release: string | undefined
  /** The whole banner, which often names the upstream version of a distribution's kernel. */
  readonly banner: string | undefined
  readonly compression: string
  /** Undefined when the image could not be opened. */
  readonly contents: ImageContents | undefined
  /** Why there are no contents. */
  readonly unreadable: string | undefined
}

/** What was found in the uncompressed kernel. */
export interface ImageContents {
  /** Types of the ELF notes of Xen (xen/include/public/elfnote.h). */
  readonly notes: ReadonlySet<number>
  /** Built-in parts that give themselves away by a text of theirs. */
  readonly markers: ReadonlySet<string>
  /** The text of the embedded configuration (IKCONFIG). */
  readonly config: string | undefined
}

/** Numbers of the ELF notes that decide how Xen may start an image. */
export const XEN_NOTE = { entry: 1, guestOs: 6, phys32Entry: 18 } as const

/** Texts that are in a kernel only when a symbol is y, from the C files that kconfig builds with it. */
export const MARKERS: Readonly<Record<string, string>> = {
  XEN_PVH: 'XENMEM_memory_map failed', // arch/x86/xen/enlighten_pvh.c
  ROOT_NFS: 'Root-NFS: ', // fs/nfs/nfsroot.c
  IP_PNP: 'IP-Config: ', // net/ipv4/ipconfig.c
  XEN_NETDEV_FRONTEND: 'Initialising Xen virtual ethernet driver', // drivers/net/xen-netfront.c
}

/**
 * What an image tells of a symbol without its configuration: notes and texts prove y, their absence proves
 * that it is not (`n` here, though it may be m).
 */
export function valueFromImage(contents: ImageContents, symbol: string): SymbolValue {
  if (symbol === 'XEN') return contents.notes.has(XEN_NOTE.guestOs) ? 'y' : 'n'
  if (symbol === 'XEN_PV') return contents.notes.has(XEN_NOTE.entry) ? 'y' : 'n'
  if (symbol === 'XEN_PVH' && !contents.notes.has(XEN_NOTE.phys32Entry)) return 'n'
  if (MARKERS[symbol] === undefined) return 'undetermined'
  if (contents.markers.has(symbol)) return 'y'
  return symbol === 'XEN_NETDEV_FRONTEND' ? 'undetermined' : 'n'
}
