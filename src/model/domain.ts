import { z } from 'zod'
import { cmdlineText, dhcpOptions, diskLine, ipv4, mac, name, nfsOptions, uuid } from './grammar.ts'

const onEvent = z.enum([
  'destroy',
  'restart',
  'rename-restart',
  'preserve',
  'coredump-destroy',
  'coredump-restart',
  'soft-reset',
])

// YAML reads 4.0 as the number 4, and 3 as a number: both spellings mean the same version.
const nfsVersion = z.preprocess(
  (value) => (value === 4 || value === '4' ? '4.0' : typeof value === 'number' ? String(value) : value),
  z.enum(['3', '4.0', '4.1', '4.2'], { error: 'must be 3, 4.0, 4.1 or 4.2' }),
)

/**
 * A domU as the administrator declares it.
 *
 * `network`, `kernel` and `host` may be left out when the site has just one; `address`, `mac` and `uuid`
 * are allocated or derived when absent (see allocate.ts and identity.ts).
 */
export const DomainSpec = z.strictObject({
  name,
  image: name,
  network: name.optional(),
  kernel: name.optional(),
  host: name.optional(),
  memoryMiB: z.int().min(32).max(16777216).default(256),
  vcpus: z.int().min(1).max(512).default(1),
  address: ipv4.optional(),
  mac: mac.optional(),
  uuid: uuid.optional(),
  boot: z.enum(['static', 'dhcp', 'bootp']).default('static'),
  nfsVersion: nfsVersion.default('3'),
  nfsOptions: nfsOptions.optional(),
  cmdlineExtra: cmdlineText.optional(),
  autostart: z.boolean().default(false),
  disks: z.array(diskLine).max(64).default([]),
  /** Guests of one trust may share a file system. */
  trust: name.optional(),
  onPoweroff: onEvent.default('destroy'),
  onReboot: onEvent.default('restart'),
  onCrash: onEvent.default('destroy'),
  /** Extra DHCP options by name or number, over those of the network. */
  options: dhcpOptions,
})
export type DomainSpec = z.infer<typeof DomainSpec>

type Settled = 'network' | 'kernel' | 'host' | 'address' | 'mac' | 'uuid'

/** A domain with everything settled: what is stored, rendered and answered. */
export type Domain = Omit<DomainSpec, Settled> & {
  readonly [K in Settled]: NonNullable<DomainSpec[K]>
}
