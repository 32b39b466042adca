import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { formatIpv4, parseIpv4 } from '../../src/model/address.ts'
import { openDhcpDuty } from '../../src/serve-dhcp.ts'
import { followInventory } from '../../src/service/follow.ts'
import { openStore } from '../../src/store/open.ts'
import { recordChanges } from '../../src/store/record.ts'
import { median } from './area.ts'
import { guestAt, network } from './dhcp-guests.ts'
import { additionsOf, inventoryOfGuests } from './dhcp-inventory.ts'

const CHANGES = 300

/**
 * How long after its commit a change is in force, with so many domains: database, follower, feed and responder as the
 * service has them. Milliseconds: the median and the 99th of a hundred.
 */
export async function measureUpdate(count: number): Promise<{ p50Ms: number; p99Ms: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'domus-bench-'))
  const store = await openStore(`sqlite:${join(folder, 'domus.db')}`)
  const at = new Date().toISOString()
  await recordChanges(store, additionsOf(inventoryOfGuests(count)), { revision: 0, at })
  const duty = openDhcpDuty(
    { dhcp: { enabled: true, serverPort: 0, clientPort: 68 } },
    {
      log: pino({ level: 'silent' }),
      boots: { note: () => undefined, close: async () => undefined },
      tell: () => undefined,
      sockets: { broadcastAddress: '127.255.255.255', bindAddresses: { [network.name]: '127.0.0.1' } },
    },
  )
  let committed = 0
  let inForce = Promise.withResolvers<number>()
  store.listeners.add(() => {
    committed = performance.now()
  })
  const follower = await followInventory(
    { store, site: 'bench' },
    {
      everyMs: 3_600_000,
      async hear(next, _revision, touched) {
        await duty.follow(next, touched)
        inForce.resolve(performance.now() - committed)
      },
      fault: (error) => inForce.reject(error),
    },
  )
  try {
    const times: number[] = []
    for (let change = 0; change < CHANGES; change++) {
      inForce = Promise.withResolvers()
      const { domain: before } = guestAt(change)
      const after = { ...before, address: formatIpv4(parseIpv4('10.78.0.0') + change) }
      await recordChanges(store, [{ noun: 'domains', name: before.name, before, after }], {
        revision: 1 + change,
        at,
      })
      times.push(await inForce.promise)
    }
    times.sort((a, b) => a - b)
    return { p50Ms: median(times), p99Ms: times[Math.floor(CHANGES * 0.99)] ?? Number.NaN }
  } finally {
    follower.close()
    await duty.close()
    await store.close()
    rmSync(folder, { recursive: true })
  }
}
