import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { openStore } from '../../src/store/open.ts'
import { recordChanges } from '../../src/store/record.ts'
import { additionsOf, inventoryOfGuests } from './dhcp-inventory.ts'
import { type Running, startServer, type Wire } from './dhcp-net.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const DIST = join(REPOSITORY, 'dist')
const SETTLE_MS = 35_000 // every half minute it gives back what it does not need

/**
 * Resident memory of the whole service with so many domains, in MiB: the program as it is installed, after `load` has
 * had its guests boot.
 */
export async function measureService(
  wire: Wire,
  count: number,
  load: (server: Running) => Promise<void>,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'domus-bench-'))
  const wasBuilt = existsSync(DIST)
  try {
    execFileSync('npm', ['run', '-s', 'build'], { cwd: REPOSITORY, stdio: ['ignore', 'ignore', 'inherit'] })
    await record(folder, count)
    const settings = [`DOMUS_DATA=${folder}`, 'DOMUS_SITE=bench']
    const server = await startServer(wire, [
      'env',
      ...settings,
      process.execPath,
      join(DIST, 'main.js'),
      'serve',
    ])
    try {
      await load(server)
      await setTimeout(SETTLE_MS)
      return server.residentMiB()
    } finally {
      await server.stop()
    }
  } finally {
    rmSync(folder, { recursive: true })
    if (!wasBuilt) rmSync(DIST, { recursive: true, force: true })
  }
}

async function record(folder: string, count: number): Promise<void> {
  const store = await openStore(`sqlite:${join(folder, 'domus.db')}`)
  const at = new Date().toISOString()
  await recordChanges(store, additionsOf(inventoryOfGuests(count)), { revision: 0, at })
  await store.close()
}
