import { checkCmdline } from '../boot/cmdline.ts'
import { checkOptions } from '../dhcp/options.ts'
import { checkReservation } from '../dhcp/replies.ts'
import { reservationOf } from '../dhcp/reservation.ts'
import { type Guest, guestOf, type Inventory } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'

/** The rules of the rooms above the model: kernel command lines, DHCP options, the size of a reply. */
export const checkInventory = (inventory: Inventory): Problem[] => [
  ...[...inventory.networks.values()].flatMap(({ name, options }) =>
    checkOptions(options, `networks/${name}/options`),
  ),
  ...[...inventory.domains.values()].flatMap((domain) => checkGuest(guestOf(inventory, domain))),
]

function checkGuest(guest: Guest): Problem[] {
  const { name, options } = guest.domain
  const optionProblems = checkOptions(options, `domains/${name}/options`)
  return [
    ...checkCmdline(guest),
    ...optionProblems,
    // A reply is measured only when its options can be written at all.
    ...(optionProblems.length === 0 && checkOptions(guest.network.options, '').length === 0
      ? checkReservation(reservationOf(guest), `domains/${name}`)
      : []),
  ]
}
