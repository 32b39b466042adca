import { isDeepStrictEqual } from 'node:util'
import { checkCmdline } from '../boot/cmdline.ts'
import { checkReservation } from '../dhcp/compile.ts'
import { checkOptions } from '../dhcp/options.ts'
import { reservationOf } from '../dhcp/reservation.ts'
import type { Domain } from '../model/domain.ts'
import { type Guest, guestOf, type Inventory, type Noun } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'

/**
 * The rules of the rooms above the model: kernel command lines, DHCP options, the size of a reply.
 *
 * Guests that are in `checked` just as they are here were judged when they were recorded.
 */
export function checkInventory(inventory: Inventory, checked?: Inventory): Problem[] {
  const isSame = checked === undefined ? () => false : sameIn(inventory, checked)
  return [
    ...[...inventory.networks.values()].flatMap(({ name, options }) =>
      checkOptions(options, `networks/${name}/options`),
    ),
    ...[...inventory.domains.values()]
      .filter((domain) => !isSame(domain))
      .flatMap((domain) => checkGuest(guestOf(inventory, domain))),
  ]
}

/** Tells whether a domain and all it refers to are the same in two inventories. */
function sameIn(inventory: Inventory, checked: Inventory): (domain: Domain) => boolean {
  const same = (noun: Noun) =>
    new Set(
      [...inventory[noun].values()].flatMap((one) =>
        isDeepStrictEqual(one, checked[noun].get(one.name)) ? [one.name] : [],
      ),
    )
  const [networks, servers, images, kernels, domains] = [
    same('networks'),
    same('servers'),
    same('images'),
    same('kernels'),
    same('domains'),
  ]
  return ({ name, network, image, kernel }) =>
    domains.has(name) &&
    networks.has(network) &&
    kernels.has(kernel) &&
    images.has(image) &&
    servers.has(inventory.images.get(image)?.server ?? '')
}

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
