import type { Ipv4 } from '../model/grammar.ts'
import type { FileFact } from '../plan/plan.ts'

/** Something that was looked at, or the reason why it could not be. */
export type Known<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'unknown'; readonly reason: string }

/** One entry of a server's live export table; `client` may be anything exports(5) allows. */
export interface LiveExport {
  readonly path: string
  readonly client: string
  readonly options: ReadonlySet<string>
}

/** What lies at a path that is to be exported. */
export type PathFact =
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'other'; readonly type: string }
  | {
      readonly kind: 'directory'
      /** The path with all links resolved: what the server's table will show. */
      readonly realpath: string
      /** Names the file system that holds it, comparable on the same server only; btrfs subvolumes share one. */
      readonly fileSystem: string
      /** As the mount table says: ext4, xfs, overlay, tmpfs, fuse.sshfs, zfs, ufs. */
      readonly fileSystemType: string
      readonly mountPoint: string
      /** It lies on the file system of `/`. */
      readonly isOnRoot: boolean
    }

/** The exports that others declare in their own files, as the server's own parser reads them. */
export interface OthersExports {
  readonly exports: readonly LiveExport[]
  /** What the parser says about their lines; empty when it is content. */
  readonly complaint: string
}

/** All that a kind of NFS server must know of one server before it can plan; each part may be unknown. */
export interface ServerFacts {
  /** The file that holds our exports, as a whole. */
  readonly file: FileFact
  /** The drop-in into which `--adopt` moves what is not ours; only on Linux. */
  readonly kept: FileFact
  readonly live: Known<readonly LiveExport[]>
  readonly others: Known<OthersExports>
  readonly paths: ReadonlyMap<string, PathFact>
  /** The product whose middleware owns the exports of this machine, such as `TrueNAS`. */
  readonly appliance?: string
  /**
   * Addresses of the guests that will still be running when the exports change: those running now, without
   * the ones that an earlier step of the same plan ends.
   */
  readonly running: Known<ReadonlySet<Ipv4>>
}

/** Facts of a server that nobody has looked at. */
export function unknownFacts(reason: string): ServerFacts {
  const unknown = { kind: 'unknown', reason } as const
  return { file: unknown, kept: unknown, live: unknown, others: unknown, paths: new Map(), running: unknown }
}

/** What is known of a path; unknown when nobody looked. */
export const pathFact = (facts: ServerFacts, path: string): PathFact =>
  facts.paths.get(path) ?? { kind: 'unknown', reason: `nobody has looked at ${path}` }
