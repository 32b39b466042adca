import type { SymbolValue } from './config.ts'

/** What an image says of itself, whatever its configuration. */
export interface ImageFacts {
  readonly format: 'bzImage' | 'vmlinux'
  readonly arch: string
  /** `6.1.0-56-amd64`; undefined when it has none. */
  readonly release: string | undefined
  /** Release, builder and date; a distribution's upstream version is in it. */
  readonly banner: string | undefined
  /** Undefined when the image could not be opened. */
  readonly contents: ImageContents | undefined
  /** Why there are no contents. */
  readonly unreadable: string | undefined
}

/** What was found in the uncompressed kernel. */
export interface ImageContents {
  /** Types of the ELF notes of Xen (xen/include/public/elfnote.h). */
  readonly notes: ReadonlySet<number>
  /** Symbols whose built-in code gave itself away by a text of its own; undefined when that was not looked for. */
  readonly builtIn: ReadonlySet<string> | undefined
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

/** What kconfig had to have on for a symbol to be y: with the one proved, so are the others. */
const IMPLIED: Readonly<Record<string, readonly string[]>> = {
  XEN_PVH: ['ACPI'],
  ROOT_NFS: ['NET', 'INET', 'IP_PNP', 'NFS_FS', 'NETWORK_FILESYSTEMS', 'MULTIUSER', 'FILE_LOCKING'],
  IP_PNP: ['NET', 'INET'],
  XEN_NETDEV_FRONTEND: ['NET'],
}

/**
 * What an image tells of a symbol without its configuration: notes and texts prove y, their absence proves
 * that it is not y; for a symbol that may be a module this leaves it open.
 */
export function valueFromImage(contents: ImageContents, symbol: string): SymbolValue {
  const own = directValue(contents, symbol)
  if (own !== 'undetermined') return own
  const proofs = Object.keys(IMPLIED).filter((proof) => IMPLIED[proof]?.includes(symbol))
  return proofs.some((proof) => directValue(contents, proof) === 'y') ? 'y' : 'undetermined'
}

function directValue({ notes, builtIn }: ImageContents, symbol: string): SymbolValue {
  if (symbol === 'XEN') return notes.has(XEN_NOTE.guestOs) ? 'y' : 'n'
  if (symbol === 'XEN_PV') return notes.has(XEN_NOTE.entry) ? 'y' : 'n'
  if (symbol === 'PVH') return notes.has(XEN_NOTE.phys32Entry) ? 'y' : 'n'
  if (symbol === 'XEN_PVH' && !notes.has(XEN_NOTE.phys32Entry)) return 'n'
  if (MARKERS[symbol] === undefined || builtIn === undefined) return 'undetermined'
  if (builtIn.has(symbol)) return 'y'
  return symbol === 'XEN_NETDEV_FRONTEND' ? 'undetermined' : 'n'
}
