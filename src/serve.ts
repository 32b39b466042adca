import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import { openApp } from './app.ts'
import type { Breach } from './boot/breaches.ts'
import type { Settings } from './config.ts'
import type { DhcpEvent } from './dhcp/events.ts'
import { describeError } from './errors.ts'
import { type EventHub, openEventHub } from './http/event-hub.ts'
import { listenOnSocket, listenOnTcp } from './http/listen.ts'
import { buildServer } from './http/server.ts'
import { keepMemorySmall } from './idle-memory.ts'
import { type Inventory, NOUNS } from './model/inventory.ts'
import { type DhcpDuty, openDhcpDuty } from './serve-dhcp.ts'
import type { App } from './service/app.ts'
import { openBootLog } from './service/boot-log.ts'
import { openClaimWatch } from './service/claim-watch.ts'
import { followInventory } from './service/follow.ts'
import { localJobs } from './service/local-jobs.ts'
import { loadRevision } from './store/inventory.ts'
import type { Touched } from './store/next-inventory.ts'
import { openSystemdNotify } from './systemd-notify.ts'

// What the jobs load at their first use: the service goes on while its files are replaced by a newer version's.
import './apply/settle.ts'
import './plan/view.ts'
import './service/change.ts'
import './service/run-change.ts'
import './service/unfinished.ts'
import './service/verify.ts'
import 'execa'
import 'yaml'

const LOOK_EVERY_MS = 500 // at the revision of the inventory: other processes change it, too
const DRAIN_MS = 60_000 // for operations to end; what is cut off is put right at the next start

/**
 * Runs the service until it gets SIGTERM or SIGINT: API, DHCP responder, log on standard error.
 *
 * @throws DomusError 'busy' when another service has the socket
 */
export async function serve(settings: Settings): Promise<void> {
  const isDrained = await serveUntilSignal(settings)
  // What did not end in time would keep the process: the next start puts it right.
  if (!isDrained) process.exit(1)
}

/** @returns whether all operations had ended */
async function serveUntilSignal(settings: Settings): Promise<boolean> {
  const log = pino({ level: settings.logLevel, base: null }, pino.destination({ dest: 2, sync: true }))
  const signal = untilSignal(log)
  await using life = new AsyncDisposableStack()
  const systemd = openSystemdNotify(process.env, (err) => log.warn({ err }, 'cannot tell systemd'))
  life.defer(() => systemd.close())
  const app = await openApp(settings)
  life.defer(() => app.close())
  const events = openEventHub(app.now)

  const duties = openDuties(app, settings, log, events)
  life.defer(() => duties.close())
  const { dhcp } = duties
  const jobs = await localJobs({
    ...app,
    dhcp: {
      ...app.dhcp,
      rivals: () => dhcp?.stats()?.rivals ?? [],
      silence: (network) => (dhcp === undefined ? NO_DHCP : dhcp.silence(network)),
    },
  })
  const { server, drain } = await buildServer({
    jobs,
    settings,
    templates: app.templates,
    log,
    events,
    version: versionOf(),
    resourceCounts: duties.counts,
    claimBreaches: duties.claimBreaches,
    health: () => healthOf(app, dhcp),
    ...(dhcp && { dhcpStats: () => dhcp.stats()?.messages ?? [], watchDhcp: dhcp.watch }),
  })
  life.defer(() => server.close())
  await listenOnSocket(server, settings.socket)
  const door = await openDoor(server, settings, log)
  life.defer(() => door?.close())
  await duties.start()
  life.defer(keepMemorySmall())

  log.info({ socket: settings.socket, pid: process.pid }, 'ready')
  await systemd.tell('READY=1')
  log.info({ signal: await signal }, 'ending: operations that go on may end, new ones are refused')
  await systemd.tell('STOPPING=1')
  return Promise.race([drain().then(() => true), setTimeout(DRAIN_MS, false, { ref: false })])
}

const NO_DHCP = {
  why: 'domus serve was told to answer no DHCP',
  fix: 'run it without --no-dhcp, and without dhcp.enabled: false in its config file',
}

/** The first signal; the second one ends the process at once. */
function untilSignal(log: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isEnding = false
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        if (isEnding) {
          log.warn({ signal }, 'ended at once: what was going on is put right at the next start')
          process.exit(1)
        }
        isEnding = true
        resolve(signal)
      })
  })
}

/** What goes on beside the API: the inventory is followed, DHCP answered, boots written down. */
function openDuties(app: App, settings: Settings, log: Logger, events: EventHub) {
  const fault = oncePerMessage((err) => log.error({ err }, 'cannot follow the inventory; it is tried again'))
  const boots = openBootLog(app.store, {
    written: (event) => events.publish('boot', { ...event }),
    fault: oncePerMessage((err) => log.error({ err }, 'cannot write down what was seen of boots')),
  })
  const tell = (event: DhcpEvent) => events.publish('dhcp', { ...event })
  const dhcp = settings.dhcp.enabled ? openDhcpDuty(settings, { log, boots, tell }) : undefined
  let counts: Record<string, number> = {}
  const hear = async (inventory: Inventory, revision: number, touched: Touched | undefined) => {
    counts = Object.fromEntries(NOUNS.map((noun) => [noun, inventory[noun].size]))
    await dhcp?.follow(inventory, touched)
    events.publish('inventory-changed', { revision })
  }
  const watch = settings.watchSeconds === 0 ? undefined : watchClaims(app, settings, log, events)
  const stops: (() => void)[] = []
  return {
    dhcp,
    counts: () => counts,
    claimBreaches: () => watch?.breaches().length ?? 0,
    async start() {
      const follower = await followInventory(app, { everyMs: LOOK_EVERY_MS, hear, fault })
      stops.push(follower.close)
      void watch?.check() // never rejects
    },
    async close() {
      for (const stop of stops) stop()
      watch?.close()
      await dhcp?.close()
      await boots.close()
    },
  }
}

/** Guests on roots of others are logged, published and counted; what to do about them is for a person. */
function watchClaims(app: App, { watchSeconds }: Settings, log: Logger, events: EventHub) {
  const told = ({ root, domain, owner }: Breach) => ({
    root,
    domain: domain.name,
    domid: domain.domid,
    host: domain.host,
    owner: owner.domain,
    ownerHost: owner.host,
  })
  return openClaimWatch(app, {
    everyMs: watchSeconds * 1000,
    found(breach) {
      const { domain, root, owner } = breach
      log.error(
        told(breach),
        `${domain.name} on host ${domain.host} mounts ${root}, which is ${owner.domain}'s on host ${owner.host}: domus verify ${owner.domain} says what to do`,
      )
      events.publish('claim-breach', told(breach))
    },
    over(breach) {
      log.info(
        told(breach),
        `${breach.domain.name} on host ${breach.domain.host} is off ${breach.root} again`,
      )
      events.publish('claim-breach-over', told(breach))
    },
    fault: oncePerMessage((err) => log.error({ err }, 'cannot look for guests on roots of others')),
  })
}

async function openDoor(
  server: Awaited<ReturnType<typeof buildServer>>['server'],
  settings: Settings,
  log: Logger,
) {
  const door = await listenOnTcp(server, settings)
  if (door === undefined) return undefined
  const isPlain = settings.tls === undefined
  const isFar = !/^(?:127\.|::1$)/.test(door.address.address)
  log.info({ address: door.address.address, port: door.address.port, tls: !isPlain }, 'listening on TCP')
  if (isPlain && isFar)
    log.warn(
      'tokens cross the network in the clear: set tls, or listen on 127.0.0.1 behind a proxy that has it',
    )
  return door
}

async function healthOf(app: App, dhcp: DhcpDuty | undefined): Promise<Record<string, string>> {
  const store = await loadRevision(app.store).then(() => 'ok', describeError)
  return { store, ...(dhcp && { dhcp: dhcp.health() }) }
}

/** Tells a fault when it is another than the last one: what is tried again every second must not fill the log. */
function oncePerMessage(tell: (error: unknown) => void): (error: unknown) => void {
  let last: string | undefined
  return (error) => {
    const message = describeError(error)
    if (message !== last) tell(error)
    last = message
  }
}

function versionOf(): string {
  const file = new URL('../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
