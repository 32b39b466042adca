import { z } from 'zod'
import { machine, name, sshMachine } from './grammar.ts'

/** A dom0. */
export const Host = z.strictObject({
  name,
  machine: machine.default('local'),
  toolstack: z.enum(['xl']).default('xl'),
  /** How other hosts reach it when guests migrate to it; `machine` when absent. */
  migrateAddress: sshMachine.optional(),
})
export type Host = z.infer<typeof Host>
