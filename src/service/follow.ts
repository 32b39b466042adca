import type { Inventory } from '../model/inventory.ts'
import { loadInventory, loadRevision } from '../store/inventory.ts'
import { type Loaded, loadNextInventory, type Touched } from '../store/next-inventory.ts'
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
 * A change of this process is looked at as soon as it is committed; for those of others the revision, one row, is
 * looked at every `everyMs`. Only what has changed is read, and `touched` names it; undefined is everything. What
 * fails is told to `fault`, and tried again.
 */
export async function followInventory(
  app: Pick<App, 'store' | 'site'>,
  {
    everyMs,
    hear,
    fault,
  }: {
    everyMs: number
    hear(inventory: Inventory, revision: number, touched: Touched | undefined): Promise<void> | void
    fault(error: unknown): void
  },
): Promise<Follower> {
  let known: Loaded | undefined
  let last = Promise.resolve()
  const look = async () => {
    const revision = await loadRevision(app.store)
    if (revision === known?.revision) return
    const next: Loaded & { touched?: Touched } =
      known === undefined || revision < known.revision // another database in its place
        ? await loadInventory(app.store, app.site)
        : await loadNextInventory(app.store, known, app.site)
    await hear(next.inventory, next.revision, next.touched)
    known = next
  }
  const check = () => {
    last = last.then(look).catch(fault)
    return last
  }
  await look()
  const timer = setInterval(() => void check(), everyMs) // never rejects
  const listener = () => void check()
  app.store.listeners.add(listener)
  return {
    check,
    close() {
      clearInterval(timer)
      app.store.listeners.delete(listener)
    },
  }
}
