import { type Inventory, NOUNS } from '../../src/model/inventory.ts'
import type { ResourceChange } from '../../src/plan/plan.ts'
import { guests, network } from './dhcp-guests.ts'

/** A whole inventory of one network: so many domains, each with an image of its own. */
export function inventoryOfGuests(count: number): Inventory {
  const all = [...guests(count)]
  const byName = <T extends { readonly name: string }>(list: readonly T[]) =>
    new Map(list.map((one) => [one.name, one]))
  return {
    site: 'bench',
    networks: byName([network]),
    servers: byName(all.slice(0, 1).map(({ server }) => server)),
    images: byName(all.map(({ image }) => image)),
    kernels: byName(all.slice(0, 1).map(({ kernel }) => kernel)),
    hosts: byName(all.slice(0, 1).map(({ host }) => host)),
    domains: byName(all.map(({ domain }) => domain)),
  }
}

/** The changes that make an inventory out of nothing. */
export const additionsOf = (inventory: Inventory): ResourceChange[] =>
  NOUNS.flatMap((noun) => [...inventory[noun].values()].map((after) => ({ noun, name: after.name, after })))
