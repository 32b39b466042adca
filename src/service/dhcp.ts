import { composeCmdline } from '../boot/cmdline.ts'
import type { ClientName } from '../dhcp/clients/kinds.ts'
import { guestWithMac, type SimulateResult, simulate } from '../dhcp/simulate.ts'
import { DomusError } from '../errors.ts'
import { mac as macForm } from '../model/grammar.ts'
import { type Guest, guestOf, type Inventory } from '../model/inventory.ts'

/**
 * What our answer to a MAC would be, and what a client makes of it.
 *
 * @throws DomusError 'invalid-input' when the text is no unicast MAC
 */
export function simulateMac(inventory: Inventory, text: string, client: ClientName): SimulateResult {
  const mac = macForm.safeParse(text)
  if (!mac.success) throw new DomusError('invalid-input', `--mac ${text}: ${mac.error.issues[0]?.message}`)
  const guests = [...inventory.domains.values()].map((domain) => guestOf(inventory, domain))
  const guest = guestWithMac(guests, mac.data)
  return guest === undefined ? simulate(guest, mac.data, client, {}) : simulateGuest(guest, client)
}

/** The same for a guest at hand. */
export const simulateGuest = (guest: Guest, client: ClientName): SimulateResult =>
  simulate(guest, guest.domain.mac, client, { nfsOptions: nfsOptionsOf(guest) })

/** The mount options on the guest's own command line: `nfsroot=[path],options`. */
function nfsOptionsOf(guest: Guest): string {
  const words = composeCmdline(guest).split(' ')
  const nfsroot = words.find((word) => word.startsWith('nfsroot='))
  const [, ...options] = nfsroot?.split(',') ?? []
  return options.join(',')
}
