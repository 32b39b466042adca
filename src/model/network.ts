import { z } from 'zod'
import { bridge, cidr, dhcpOptions, ipv4, name, range } from './grammar.ts'

/** A network of guests: one bridge on each dom0. `range` limits allocation only. */
export const Network = z.strictObject({
  name,
  cidr,
  bridge: bridge.default('xenbr0'),
  gateway: ipv4.optional(),
  range: range.optional(),
  dns: z.array(ipv4).max(8).default([]),
  ntp: z.array(ipv4).max(8).default([]),
  /** DNS domain of the guests (DHCP option 15). */
  domain: z
    .string()
    .regex(
      /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/,
      'must be a DNS domain in lower case',
    )
    .max(200)
    .optional(),
  mtu: z.int().min(576).max(65535).optional(),
  /** The address we answer DHCP from on this bridge; found on the machine itself when absent. */
  dhcpServer: ipv4.optional(),
  /** serve answers, observe only logs what it would answer, off ignores the network. */
  dhcp: z.enum(['serve', 'observe', 'off']).default('serve'),
  leaseSeconds: z.int().min(3600).max(4294967294).default(86400),
  /** Extra DHCP options by name or number. */
  options: dhcpOptions,
})
export type Network = z.infer<typeof Network>
