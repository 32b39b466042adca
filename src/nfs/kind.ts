import type { Name } from '../model/grammar.ts'
import type { Inventory } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'
import type { NfsServer } from '../model/server.ts'
import type { ExportEntry, Step } from '../plan/plan.ts'
import type { Templates } from '../render/templates.ts'
import type { WantedExport } from './entries.ts'
import type { ServerFacts } from './facts.ts'

/** What to do with an exports file that somebody else has changed: stop, take it over, or write over it. */
export type DriftChoice = 'stop' | 'adopt' | 'overwrite'

/** Whose exports a text holds, and how it is made. */
export interface Owner {
  readonly site: Name
  readonly templates: Pick<Templates, 'render'>
}

/** What to plan: all exports of one server, as the inventory will be. */
export interface ExportRequest {
  readonly server: NfsServer
  readonly inventory: Inventory
  readonly templates: Owner['templates']
  readonly facts: ServerFacts
  /** What to do when guests that must not see each other's files would share a file system. */
  readonly isolation: 'warn' | 'refuse'
  readonly drift: DriftChoice
  /** The inventory as it is now, for kinds that nobody can look at (print, ganesha). */
  readonly current?: Inventory
}

export interface ExportPlan {
  /** At most one 'export' step, after a 'write' step when `--adopt` moves lines; none when all is as it should be. */
  readonly steps: readonly Step[]
  readonly warnings: readonly Problem[]
  /** Why it must not be done: the steps then only show what would have been. */
  readonly problems: readonly Problem[]
  /** 'unknown' when something that the plan depends on could not be looked at. */
  readonly facts: 'known' | 'unknown'
  /** Why. */
  readonly unknown: readonly Problem[]
}

/** Our own text as it was found on a server. */
export type FileVerdict =
  | { readonly kind: 'ours'; readonly entries: readonly ExportEntry[] }
  | {
      /** Made by us and changed by hand since, or not made by us (for this site) at all. */
      readonly kind: 'edited' | 'not-ours'
      readonly reason: string
      /** The lines in our form. */
      readonly entries: readonly ExportEntry[]
      /** All lines that are not empty; domus itself writes no comment among them. */
      readonly lines: readonly FileLine[]
    }

export interface FileLine {
  readonly text: string
  /** Where the line is in our form; on FreeBSD one line has many clients. */
  readonly entries?: readonly ExportEntry[]
}

/** How one kind of NFS server exports directories. */
export interface NfsKind {
  /** The file that holds our exports on the server; undefined when domus writes none. */
  readonly path: string | undefined
  /**
   * The text exactly as it would be written; the same entries give the same bytes.
   *
   * @throws DomusError 'invalid-input' when an entry is not of the strict grammar: nothing is ever escaped
   */
  render(owner: Owner, entries: readonly ExportEntry[]): string
  /** Reads our own text back, and tells whether anybody has changed it. */
  parse(text: string, site: Name): FileVerdict
  /** What would have to change on the server, and what speaks against it. */
  plan(request: ExportRequest): ExportPlan
}

export const ownerOf = ({ inventory, templates }: ExportRequest): Owner => ({
  site: inventory.site,
  templates,
})

/** A problem or warning about one export goes to the image or the domain it is for. */
export const placeOf = ({ domain, image }: WantedExport) =>
  domain === undefined ? `images/${image}/path` : `domains/${domain}/image`
