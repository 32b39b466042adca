import { verifyGuest } from '../boot/chain.ts'
import type { Name } from '../model/grammar.ts'
import { guestOf, type Inventory } from '../model/inventory.ts'
import type { Tools } from './app.ts'
import { type Curiosity, gatherBootFacts } from './boot-facts.ts'
import type { VerifyView } from './jobs.ts'
import { find } from './render.ts'

/**
 * Proves every link of some domains' boots; a link that cannot be known is `unknown`, never `ok`.
 *
 * With `probe` their networks are asked for other DHCP servers, which takes some seconds.
 *
 * @throws DomusError 'not-found'
 */
export async function verifyDomains(
  tools: Tools,
  inventory: Inventory,
  names: readonly Name[] | 'all',
  curiosity: Curiosity,
): Promise<VerifyView[]> {
  const chosen =
    names === 'all' ? [...inventory.domains.values()] : names.map((name) => find(inventory, 'domains', name))
  const guests = chosen.map((domain) => guestOf(inventory, domain))
  const factsOf = await gatherBootFacts(tools, inventory, guests, curiosity)
  return guests.map((guest) => {
    const links = verifyGuest(guest, factsOf(guest))
    return { domain: guest.domain.name, ok: links.every(({ status }) => status !== 'fail'), links }
  })
}
