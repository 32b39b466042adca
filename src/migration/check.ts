import type { Host } from '../model/host.ts'
import type { Guest } from '../model/inventory.ts'
import type { MigrationFacts } from './facts.ts'

/** What is checked before a guest moves, in the order in which a move would meet it. */
export const CHECKS = [
  'state',
  'claim',
  'suspend',
  'ssh',
  'clock',
  'xen',
  'logdirty',
  'cpu',
  'memory',
  'bridge',
  'names',
  'config',
  'kernel',
  'initrd',
  'disks',
  'server',
  'output',
] as const
export type CheckName = (typeof CHECKS)[number]

/** One check, judged; `unknown` says in its detail why nobody can tell. */
export interface Check {
  readonly check: CheckName
  readonly status: 'ok' | 'warn' | 'fail' | 'unknown'
  readonly detail: string
  /** What to do about it. */
  readonly fix?: string
}

/** What a check judges: a guest on its way from its host to another. */
export interface Move {
  readonly guest: Guest
  readonly to: Host
  readonly facts: MigrationFacts
}

export type Judge = (move: Move) => Omit<Check, 'check'>

export const ok = (detail: string) => ({ status: 'ok', detail }) as const
export const unknown = (detail: string, fix?: string) =>
  ({ status: 'unknown', detail, ...(fix !== undefined && { fix }) }) as const
export const warn = (detail: string, fix?: string) =>
  ({ status: 'warn', detail, ...(fix !== undefined && { fix }) }) as const
export const fail = (detail: string, fix?: string) =>
  ({ status: 'fail', detail, ...(fix !== undefined && { fix }) }) as const
