import { renderDhcp } from '../dhcp/render.ts'
import { DomusError } from '../errors.ts'
import type { Name } from '../model/grammar.ts'
import { guestOf, type Inventory, type Noun } from '../model/inventory.ts'
import { listed } from '../model/problem.ts'
import { entriesOf } from '../nfs/entries.ts'
import { nfsKinds } from '../nfs/kinds.ts'
import { lostInXm } from '../render/domain.ts'
import type { Templates } from '../render/templates.ts'
import { toolstacks } from '../toolstack/kinds.ts'

export type DhcpServerKind = 'dnsmasq' | 'dhcpd' | 'kea'

/** Renders files of an inventory exactly as they would be written. */
export function openRenderer(inventory: Inventory, templates: Templates) {
  return {
    /** @throws DomusError 'not-found' */
    domain(name: Name, dialect: 'xl' | 'xm'): string {
      const guest = guestOf(inventory, find(inventory, 'domains', name))
      return dialect === 'xm'
        ? templates.domainXm(guest)
        : toolstacks[guest.host.toolstack].render(guest, templates)
    },
    /** What that form cannot hold. @throws DomusError 'not-found' */
    lost: (name: Name, dialect: 'xl' | 'xm') =>
      dialect === 'xm' ? lostInXm(guestOf(inventory, find(inventory, 'domains', name))) : [],
    exports(name: Name): string {
      const server = find(inventory, 'servers', name)
      return nfsKinds[server.kind].render({ site: inventory.site, templates }, entriesOf(server, inventory))
    },
    dhcp(name: Name, kind: DhcpServerKind): string {
      const network = find(inventory, 'networks', name)
      const guests = [...inventory.domains.values()]
        .filter((one) => one.network === name)
        .map((one) => guestOf(inventory, one))
      return renderDhcp(network, guests, kind, templates)
    },
  }
}

/** A resource by name. @throws DomusError 'not-found' naming the known ones */
export function find<N extends Noun>(inventory: Inventory, noun: N, name: Name) {
  const found = inventory[noun].get(name)
  if (found) return found as NonNullable<ReturnType<Inventory[N]['get']>>
  const known = listed([...inventory[noun].keys()])
  throw new DomusError('not-found', `no ${noun.slice(0, -1)} ${name}; known: ${known}`)
}
