import type { Inventory } from '../model/inventory.ts'
import { loadInventory, loadRevision } from '../store/inventory.ts'
import type { App } from './app.ts'

/** Keeps something in step with the inventory, whoever changes it: this process or another. */
export interface Follower {
  /** Looks now; resolves when what it found has been told. */
  check(): Promise<void>
  close(): void
}

/**
 * Tells `hear` the inventory now and after every change, one after the other.
 *
 * The revision is looked at every `everyMs`: one row. What fails is told to `fault`, and tried again.
 */
export async function followInventory(
  app: Pick<App, 'store' | 'site'>,
  {
    everyMs,
    hear,
    fault,
  }: {
    everyMs: number
    hear(inventory: Inventory, revision: number): Promise<void> | void
    fault(error: unknown): void
  },
): Promise<Follower> {
  let known = -1
  let last = Promise.resolve()
  const look = async () => {
    if ((await loadRevision(app.store)) === known) return
    const { inventory, revision } = await loadInventory(app.store, app.site)
    await hear(inventory, revision)
    known = revision
  }
  const check = () => {
    last = last.then(look).catch(fault)
    return last
  }
  await look()
  const timer = setInterval(() => void check(), everyMs) // never rejects
  return { check, close: () => clearInterval(timer) }
}
