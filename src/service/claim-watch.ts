import { type Breach, findBreaches } from '../boot/breaches.ts'
import { type RunningDomain, runningDomain } from '../boot/running-root.ts'
import type { Host } from '../model/host.ts'
import type { Inventory } from '../model/inventory.ts'
import { listClaims } from '../store/claims.ts'
import { loadInventory } from '../store/inventory.ts'
import { listOperations } from '../store/operations.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import type { App } from './app.ts'
import { answersOf } from './look/hosts.ts'

/** Watches that nobody runs on a root of somebody else. */
export interface ClaimWatch {
  /** Looks now; resolves when what it found has been told. */
  check(): Promise<void>
  /** What was found at the last look. */
  breaches(): readonly Breach[]
  close(): void
}

interface ClaimWatchOptions {
  readonly everyMs: number
  /** Told once of each breach, when it is seen first, and again when it is over. */
  found(breach: Breach): void
  over(breach: Breach): void
  fault(error: unknown): void
}

/**
 * Looks at every host again and again for domUs on roots that are not theirs: what was started by hand.
 *
 * What an operation works on right now is passed over: while a guest migrates there are two of it. A host that
 * cannot be asked leaves what was found there before as it is.
 */
export function openClaimWatch(
  app: Pick<App, 'store' | 'site' | 'machines'>,
  { everyMs, found, over, fault }: ClaimWatchOptions,
): ClaimWatch {
  let known = new Map<string, Breach>()
  let last = Promise.resolve()
  const look = async () => {
    const { breaches, silent } = await lookForBreaches(app)
    const next = new Map(breaches.map((breach) => [keyOf(breach), breach]))
    for (const [key, breach] of known) if (silent.has(breach.domain.host)) next.set(key, breach)
    for (const [key, breach] of next) if (!known.has(key)) found(breach)
    for (const [key, breach] of known) if (!next.has(key)) over(breach)
    known = next
  }
  const check = () => {
    last = last.then(look).catch(fault)
    return last
  }
  const timer = setInterval(() => void check(), everyMs).unref() // never rejects
  return { check, breaches: () => [...known.values()], close: () => clearInterval(timer) }
}

const keyOf = ({ root, domain }: Breach) => `${root} ${domain.host} ${domain.domid} ${domain.uuid}`

async function lookForBreaches(
  app: Pick<App, 'store' | 'site' | 'machines'>,
): Promise<{ breaches: Breach[]; silent: ReadonlySet<string> }> {
  const { inventory } = await loadInventory(app.store, app.site)
  if (inventory.domains.size === 0) return { breaches: [], silent: new Set() }
  const [lists, claims, atWork] = await Promise.all([
    Promise.all([...inventory.hosts.values()].map((host) => domainsOf(app, inventory, host))),
    listClaims(app.store),
    listOperations(app.store, { state: 'running' }),
  ])
  const silent = [...inventory.hosts.keys()].filter((_host, at) => lists[at] === undefined)
  const running = lists.flatMap((list) => list ?? [])
  const busy = new Set(atWork.flatMap(({ subjects }) => subjects))
  const byRoot = new Map(claims.map((claim) => [claim.root, claim]))
  const breaches = findBreaches(inventory, byRoot, running).filter(
    ({ domain, owner }) => !busy.has(`domain/${domain.name}`) && !busy.has(`domain/${owner.domain}`),
  )
  return { breaches, silent: new Set(silent) }
}

/** What a host runs; undefined when it cannot be asked. */
async function domainsOf(
  { machines }: Pick<App, 'machines'>,
  inventory: Inventory,
  host: Host,
): Promise<RunningDomain[] | undefined> {
  const toolstack = toolstacks[host.toolstack]
  try {
    const { exitCode, stdout } = await machines(host.machine).run(toolstack.listArgv, { timeoutMs: 30_000 })
    if (exitCode !== 0) return undefined
    const answerTo = answersOf(inventory)
    return toolstack.parseList(stdout).map((domain) => runningDomain(host.name, domain, answerTo))
  } catch {
    return undefined // it is asked again; whether a host can be reached is told elsewhere
  }
}
