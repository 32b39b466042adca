import { z } from 'zod'
import { ipv4, machine, name } from './grammar.ts'

/** An NFS server: the address guests mount from, and the machine on which its exports are changed. */
export const NfsServer = z.strictObject({
  name,
  address: ipv4,
  kind: z.enum(['linux', 'freebsd', 'ganesha', 'print']).default('linux'),
  machine: machine.default('local'),
})
export type NfsServer = z.infer<typeof NfsServer>
