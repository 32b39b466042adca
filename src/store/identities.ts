import type { Transaction } from 'kysely'
import { DomusError } from '../errors.ts'
import type { Domain } from '../model/domain.ts'
import type { ResourceChange } from '../plan/plan.ts'
import type { Database } from './schema.ts'

const FIELDS = ['address', 'mac', 'uuid'] as const
type Identity = Pick<Domain, (typeof FIELDS)[number]> & { readonly domain: string }

/**
 * Keeps addresses, macs and uuids of all domains in a table of their own, whose indexes make a double one
 * impossible. All old ones go first, so that two domains can swap theirs.
 *
 * @throws DomusError 'conflict' naming both domains
 */
export async function followIdentities(
  trx: Transaction<Database>,
  changes: readonly ResourceChange[],
): Promise<void> {
  for (const { name } of changes) await trx.deleteFrom('domain_identity').where('domain', '=', name).execute()
  for (const { name, after } of changes) {
    if (after === undefined) continue
    const { address, mac, uuid } = after as Domain // a settled domain, as plans hold it
    await refuseDouble(trx, { domain: name, address, mac, uuid })
    await trx.insertInto('domain_identity').values({ domain: name, address, mac, uuid }).execute()
  }
}

async function refuseDouble(trx: Transaction<Database>, wanted: Identity): Promise<void> {
  const other = await trx
    .selectFrom('domain_identity')
    .selectAll()
    .where((is) => is.or(FIELDS.map((field) => is(field, '=', wanted[field]))))
    .executeTakeFirst()
  if (other === undefined) return
  const field = FIELDS.find((one) => other[one] === wanted[one])
  throw new DomusError(
    'conflict',
    `domain ${wanted.domain} cannot have ${field} ${field && wanted[field]}: domain ${other.domain} has it`,
  )
}
