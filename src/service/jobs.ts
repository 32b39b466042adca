import type { Link } from '../boot/link.ts'
import type { Name } from '../model/grammar.ts'
import type { Inventory, Noun } from '../model/inventory.ts'
import type { PlanView, StepView } from '../plan/view.ts'

/** What can be asked for; every edge builds one of these. */
export type ChangeRequest =
  | {
      /** Makes the site as the document says; with `prune`, also removes what it does not name. */
      readonly kind: 'apply'
      readonly document: unknown
      readonly prune?: boolean
      readonly exports?: 'adopt' | 'overwrite'
      readonly expect?: Expectation
    }
  | {
      /** New domains, each like `domain` with its own name; with `start`, booted too. */
      readonly kind: 'create'
      readonly names: readonly Name[]
      readonly domain: Readonly<Record<string, unknown>>
      readonly start?: boolean
      readonly force?: readonly string[]
    }
  | {
      readonly kind: 'delete'
      readonly noun: Noun
      readonly name: Name
      readonly expect?: Expectation
    }
  | {
      readonly kind: 'start'
      readonly name: Name
      readonly force?: readonly string[]
      /** Follows the boot until its init runs, for at most so many seconds. */
      readonly waitSeconds?: number
    }
  | { readonly kind: 'stop' | 'reboot' | 'destroy'; readonly name: Name }
  | {
      /** Moves a running domain to another host, after a preflight; `force` names checks that may fail. */
      readonly kind: 'migrate'
      readonly name: Name
      readonly host: Name
      readonly force?: readonly string[]
    }
  | {
      /** Puts right what a migration that broke has left: one copy at most, its config, claim and host in agreement. */
      readonly kind: 'repair'
      readonly name: Name
    }
  | {
      /** Cuts a domain off from its root, running or not; with `lift`, lets it reach it again. */
      readonly kind: 'fence'
      readonly name: Name
      readonly lift?: boolean
    }

/**
 * What the asker saw of one resource, so that nobody overwrites what he has not seen; see etag.ts.
 *
 * The change is refused as 'precondition-failed' when the resource is another now.
 */
export interface Expectation {
  readonly noun: Noun
  readonly name: Name
  /** Tags of the specs that are fine, `any` for whatever there is; an empty list: there must be none. */
  readonly tags: readonly string[] | 'any'
}

/** A change that was carried out, or tried. */
export interface OperationView extends PlanView {
  readonly operation: string
  readonly outcome: 'done' | 'rolled-back' | 'stuck'
  readonly steps: readonly (StepView & { readonly result: string })[]
  /** Why it did not end well, and what to look at. */
  readonly error?: string
  /** What came of it, such as figures. */
  readonly notes?: readonly string[]
  /** How far a start that was waited for came. */
  readonly boot?: BootView
}

/** A boot as it was followed; `ok` when init ran. */
export interface BootView {
  readonly domain: Name
  readonly ok: boolean
  /** How far it came; that it then failed is told by `stages`. */
  readonly stage: string
  readonly stages: readonly BootEvent[]
  /** What usually causes a boot to stop there. */
  readonly cause?: string
}

/** A resource with what is known of it now. */
export interface ResourceView {
  readonly noun: Noun
  readonly name: Name
  readonly spec: Readonly<Record<string, unknown>>
  /** For a domain: running, stopped, … as its host says; unknown when it cannot be asked. */
  readonly state?: string
}

export interface VerifyView {
  readonly domain: Name
  readonly ok: boolean
  readonly links: readonly Link[]
}

/** Told while a change is carried out. */
export interface RunEvents {
  /** Who asks, for the journal; the user of this process when absent. */
  readonly who?: string
  /** The plan is journaled under this id; not called when there is nothing to do. */
  begun?(operation: string): void
  /** What is being done now, one line. */
  step?(line: string): void
}

/**
 * The one door: everything the CLI and the HTTP API can ask for.
 *
 * Two ways lead through it with the same results: in this process, or to the service's socket.
 */
export interface Jobs {
  plan(request: ChangeRequest): Promise<PlanView>
  /** @throws DomusError for what was refused before it began; an outcome that went wrong is a value */
  run(request: ChangeRequest, events?: RunEvents): Promise<OperationView>
  inventory(): Promise<Inventory>
  list(noun: Noun): Promise<readonly ResourceView[]>
  operations(): Promise<readonly OperationSummary[]>
  operation(id: string): Promise<OperationSummary>
  /**
   * Tries again to undo an operation that is stuck; with `dismiss` leaves it as it is and frees what it holds, for a
   * person who has put it right by hand.
   */
  settle(id: string, options?: { dismiss?: boolean; who?: string }): Promise<OperationSummary>
  /** What happened at the last boot of a domain, oldest first. */
  timeline(name: Name): Promise<readonly BootEvent[]>
  verify(names: readonly Name[] | 'all', options?: { probe?: boolean }): Promise<readonly VerifyView[]>
  close(): Promise<void>
}

/** One stage of a boot; `at` is ISO 8601. */
export interface BootEvent {
  readonly boot: string
  readonly stage: string
  readonly at: string
  readonly detail?: string
}

export interface OperationSummary {
  readonly id: string
  readonly title: string
  readonly state: string
  readonly who: string
  readonly started: string
  readonly finished?: string
  readonly detail?: string
  readonly steps: readonly { readonly step: string; readonly state: string; readonly error?: string }[]
}
