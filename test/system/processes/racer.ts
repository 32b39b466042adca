/**
 * One of several processes that race on a store: `node racer.ts JOB URL NAME COUNT`. Opens the store, says
 * "ready", waits for its input, then tries COUNT times; prints the numbers of the tries that it won, as JSON.
 */
import { once } from 'node:events'
import { processOwner } from '../../../src/apply/owner.ts'
import { DomusError } from '../../../src/errors.ts'
import { beginOperation, endOperation } from '../../../src/store/journal.ts'
import { openStore } from '../../../src/store/open.ts'
import { recordChanges } from '../../../src/store/record.ts'
import type { Store } from '../../../src/store/store.ts'

const [job = '', url = '', name = '', count = '0'] = process.argv.slice(2)
const at = '2026-01-02T03:04:05.000Z'

const tries: Record<string, (store: Store, index: number) => Promise<unknown>> = {
  open: async (_store, index) => (await openStore(`${url}.${index}`)).close(),
  claim: (store, index) => {
    const after = { domain: name, host: 'h1' }
    return recordChanges(store, [{ noun: 'claims', name: `filer:/root${index}`, after }], { revision: 0, at })
  },
  record: (store, index) => {
    const after = { name: `${name}-${index}` }
    return recordChanges(store, [{ noun: 'hosts', name: after.name, after }], { revision: index, at })
  },
  operate: async (store, index) => {
    const plan = { title: `try ${index}`, steps: [], warnings: [], facts: 'known' as const }
    const subjects = [`domain/d${index}`]
    await beginOperation(store, { plan, who: name, subjects, owner: processOwner(), at })
  },
  update: async (store, index) => {
    const plan = { title: `try ${index}`, steps: [], warnings: [], facts: 'known' as const }
    const operation = await beginOperation(store, {
      plan,
      who: name,
      subjects: [],
      owner: processOwner(),
      at,
    })
    await endOperation(store, { operation, state: 'done', detail: { warnings: [], lookAt: [] }, at })
  },
}

const store = await openStore(url)
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const won: number[] = []
for (let index = 0; index < Number(count); index++) {
  try {
    await tries[job]?.(store, index)
    won.push(index)
  } catch (error) {
    if (!(error instanceof DomusError) || !['conflict', 'stale-plan', 'busy'].includes(error.code))
      throw error
  }
}
await store.close()
process.stdout.write(`${JSON.stringify(won)}\n`)
process.stdin.destroy()
