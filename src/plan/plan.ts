import type { Ipv4, MachineAddress, Name } from '../model/grammar.ts'
import type { Noun } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'

/** An argument list; no shell ever parses it. */
export type Argv = readonly string[]

/** Every file that domus makes begins with this; a file without it is somebody else's. */
export const OUR_MARK = '# managed by domus'

/** What is known of one file. `content` is the whole text; `mode` holds the permission bits, 0 to 0o7777. */
export type FileFact =
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'file'; readonly content: string; readonly mode: number }

/** One directory for one guest address. */
export interface ExportEntry {
  readonly path: string
  readonly client: Ipv4
  readonly access: 'ro' | 'rw'
  /** A small number or 32 hex digits, where the file system has no UUID of its own (overlayfs, FUSE, tmpfs). */
  readonly fsid?: string
  /** The domain it is for, shown to people; not part of the export itself. */
  readonly domain?: Name
}

/**
 * One row of the inventory before and after; undefined is absent. JSON-safe.
 *
 * The row of noun `site` is named `site` too; its value is the name of the site, which the uuids and macs of
 * the domains derive from. A row of noun `fences` is named as its domain; its value is since when.
 */
export interface ResourceChange {
  readonly noun: Noun | 'claims' | 'fences' | 'site'
  readonly name: Name
  readonly before?: unknown
  readonly after?: unknown
}

/** Whether a change makes another inventory: who owns or may reach a root is not part of it. */
export const movesInventory = ({ noun }: ResourceChange) => noun !== 'claims' && noun !== 'fences'

export interface OnMachine {
  /** The host or server of the inventory, for people. */
  readonly on: Name
  readonly machine: MachineAddress
}

/** One change. Data only, JSON-safe; apply/ knows how to do and undo each kind. */
export type Step =
  | (OnMachine & {
      readonly kind: 'write'
      readonly path: string
      readonly content: string
      readonly mode: number
      /** What the planner saw; apply refuses when the machine now has something else. */
      readonly before: FileFact
      /** Tells the readers of the file; runs after the change and again after its undo. */
      readonly reload?: readonly Argv[]
    })
  | (OnMachine & {
      readonly kind: 'remove'
      readonly path: string
      readonly before: FileFact
      readonly reload?: readonly Argv[]
    })
  | (OnMachine & {
      readonly kind: 'run'
      readonly argv: Argv
      readonly undo?: Argv
      readonly timeoutMs?: number
    })
  | (OnMachine & {
      /** The whole protocol of a server kind: file, live table, check. `before` and `after` are all of our entries. */
      readonly kind: 'export'
      readonly serverKind: 'linux' | 'freebsd'
      readonly path: string
      readonly before: readonly ExportEntry[]
      readonly after: readonly ExportEntry[]
      /** The file as the planner saw it and as it will be; for a managed block, the whole file. */
      readonly fileBefore: FileFact
      readonly content: string
    })
  | (OnMachine & {
      /** Creates a domU; its undo destroys only the domain that this step made. */
      readonly kind: 'start'
      readonly domain: Name
      readonly uuid: string
      readonly argv: Argv
    })
  | (OnMachine & {
      /** Ends a domU and waits until the host has let go of it; cannot be undone. */
      readonly kind: 'stop'
      readonly domain: Name
      readonly argv: Argv
      readonly timeoutMs: number
    })
  | (OnMachine & {
      /**
       * Moves a running domU: the whole protocol is one step, the program, the look at both hosts, the record. The
       * program outlives us; what is recorded is where the guest is, not how the program ended.
       */
      readonly kind: 'migrate'
      readonly domain: Name
      readonly uuid: string
      readonly argv: Argv
      readonly to: OnMachine
      /** Whether systemd runs on the host that it leaves. */
      readonly systemd: boolean
      /** The rows that are true once the guest runs on the target. */
      readonly changes: readonly ResourceChange[]
    })
  | (OnMachine & {
      /** Puts a file of another machine in a place that is empty: a kernel, an initrd. */
      readonly kind: 'copy'
      readonly path: string
      readonly from: OnMachine
      /** In hex; apply refuses when the file is another now. */
      readonly sha256: string
      readonly mode: number
    })
  | (OnMachine & {
      /**
       * Does one thing to one copy of a guest that a migration left behind; refused when the copy is not as planned,
       * and one that would make a copy run, when another runs.
       */
      readonly kind: 'mend'
      readonly action: 'destroy' | 'rename' | 'unpause' | 'resume'
      readonly domain: Name
      readonly uuid: string
      readonly domid: number
      /** Its name and condition as the planner saw them. */
      readonly name: string
      readonly condition: string
      readonly argv: Argv
      /** Every host where a copy may be. */
      readonly hosts: readonly OnMachine[]
    })
  | {
      /** Writes rows of the store: all or none; refused when the inventory is not at `revision` any more. */
      readonly kind: 'record'
      readonly machine: 'local'
      readonly revision: number
      readonly changes: readonly ResourceChange[]
    }

/** What to do, in order; undo runs in reverse. A value: it is shown, stored, sent and carried out as it is. */
export interface Plan {
  readonly title: string
  readonly steps: readonly Step[]
  readonly warnings: readonly Problem[]
  /** Whether everything the steps depend on could be looked at; apply refuses an unknown. */
  readonly facts: 'known' | 'unknown'
}
