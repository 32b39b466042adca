import { z } from 'zod'
import { machine, name } from './grammar.ts'

/** A dom0. */
export const Host = z.strictObject({
  name,
  machine: machine.default('local'),
  toolstack: z.enum(['xl']).default('xl'),
})
export type Host = z.infer<typeof Host>
