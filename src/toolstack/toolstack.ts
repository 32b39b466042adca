import type { Dialect } from '../boot/cmdline.ts'
import type { MachineAddress, Name } from '../model/grammar.ts'
import type { Guest } from '../model/inventory.ts'
import type { Argv } from '../plan/plan.ts'
import type { Templates } from '../render/templates.ts'

/** How one kind of toolstack keeps, starts, lists and moves the domUs of a host. Pure: paths, texts, argument lists. */
export interface Toolstack {
  configPath(domain: Name): string
  /** A link here to the config starts the domain with the host. */
  autostartPath(domain: Name): string
  /** Where the host keeps what the guest wrote on its console, when it is told to keep it. */
  consoleLogPath(domain: Name): string
  /** The text of the config; `dialect` is that of the guest's kernel when absent. */
  render(guest: Guest, templates: Templates, dialect?: Dialect): string

  startArgv(configPath: string, domain: Name, on: { readonly systemd: boolean }): Argv
  /** Asks the guest to power itself off, or to restart. */
  shutdownArgv(domain: Name): Argv
  rebootArgv(domain: Name): Argv
  destroyArgv(domain: Name): Argv
  consoleArgv(domain: Name): Argv
  /**
   * Moves a running domU; run on the host it is on. With `config`, its config there is sent in place of the one that
   * the host remembers, so its uuid must be written in it.
   *
   * @throws DomusError 'refused' when there is no way from one to the other
   */
  migrateArgv(domain: Name, to: MachineAddress, options?: { readonly config?: string }): Argv
  /** How `migrateArgv` reaches the target: this and a command. @throws DomusError as above */
  migrateShell(to: MachineAddress): Argv
  /** What a migration calls a domU on the target until it runs there, and on its old host once it may run there. */
  incomingName(domain: Name): string
  awayName(domain: Name): string
  renameArgv(from: string, to: Name): Argv
  unpauseArgv(domain: string): Argv
  /** Wakes a domU that was suspended to be migrated. */
  resumeArgv(domid: number): Argv

  /** All domUs with their configs. @throws DomusError 'command-failed' when parse does not know the text */
  listArgv: Argv
  parseList(stdout: string): DomainOnHost[]
  /** All domUs with their run states, also those whose config cannot be read. */
  statesArgv: Argv
  parseStates(stdout: string): DomainState[]
  infoArgv: Argv
  parseInfo(stdout: string): HostInfo
}

/** A domU as it was made on a host; what the toolstack does not tell is undefined. */
export interface DomainOnHost {
  readonly name: string
  readonly domid: number
  readonly uuid: string
  readonly type: string | undefined
  readonly memoryMiB: number | undefined
  readonly kernel: string | undefined
  readonly ramdisk: string | undefined
  readonly cmdline: string | undefined
  readonly vifs: readonly VifOnHost[]
}

export interface VifOnHost {
  readonly mac: string
  readonly bridge: string | undefined
  /** Its interface on the host, when that was chosen. */
  readonly name: string | undefined
}

/** `ending` covers all that still holds memory, name and address but does not run on. */
export interface DomainState {
  readonly name: string
  readonly domid: number
  readonly state: 'running' | 'ending' | 'crashed'
  /** As the toolstack prints it, for people. */
  readonly flags: string
  readonly memoryMiB: number
  readonly uuid: string | undefined
}

export interface HostInfo {
  readonly host: string | undefined
  /** Such as 4.17.7. */
  readonly version: string
  readonly freeMemoryMiB: number
  readonly totalMemoryMiB: number
  readonly cpus: number
  /** Kinds of guest it can run, such as xen-3.0-x86_64 (PV) and hvm-3.0-x86_64. */
  readonly xenCaps: readonly string[]
  /** Such as pv, hvm, hap, shadow, gnttab-v1. */
  readonly virtCaps: readonly string[]
  /** What the hypervisor was started with; empty when it is not told. */
  readonly commandLine: string
}
