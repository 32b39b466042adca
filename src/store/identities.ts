import type { Transaction } from 'kysely'
import { DomusError } from '../errors.ts'
import type { Domain } from '../model/domain.ts'
import type { ResourceChange } from '../plan/plan.ts'
import { inChunks } from './chunks.ts'
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
  for (const chunk of inChunks(changes.map(({ name }) => name))) {
    await trx.deleteFrom('domain_identity').where('domain', 'in', chunk).execute()
  }
  for (const chunk of inChunks(changes.flatMap(identityAfter))) {
    await refuseDouble(trx, chunk)
    await trx.insertInto('domain_identity').values(chunk).execute()
  }
}

function identityAfter({ name, after }: ResourceChange): Identity[] {
  if (after === undefined) return []
  const { address, mac, uuid } = after as Domain // a settled domain, as plans hold it
  return [{ domain: name, address, mac, uuid }]
}

async function refuseDouble(trx: Transaction<Database>, wanted: readonly Identity[]): Promise<void> {
  for (const field of FIELDS) {
    const values = wanted.map((one) => one[field])
    const stored = await trx.selectFrom('domain_identity').selectAll().where(field, 'in', values).execute()
    const owners = new Map(stored.map((one) => [one[field], one.domain]))
    for (const { domain, [field]: value } of wanted) {
      const owner = owners.get(value)
      if (owner !== undefined) throw double(domain, owner, `${field} ${value}`)
      owners.set(value, domain)
    }
  }
}

const double = (domain: string, owner: string, what: string) =>
  new DomusError('conflict', `domain ${domain} cannot have ${what}: domain ${owner} has it`)
