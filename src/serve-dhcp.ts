import type { Logger } from 'pino'
import type { Silence } from './boot/facts.ts'
import type { Settings } from './config.ts'
import type { DhcpEvent, NetworkEvent, PacketEvent, RivalEvent } from './dhcp/events.ts'
import { inheritedSockets } from './dhcp/socket/inherited.ts'
import { type DhcpService, type DhcpServiceOptions, type DhcpStats, serveDhcp } from './dhcp/socket/serve.ts'
import { describeError } from './errors.ts'
import type { Name } from './model/grammar.ts'
import type { Inventory } from './model/inventory.ts'
import type { BootLog } from './service/boot-log.ts'
import { dhcpChange, wholeDhcp } from './service/dhcp-feed.ts'
import type { Touched } from './store/next-inventory.ts'

/** The DHCP responder with what it is told and what it tells. */
export interface DhcpDuty {
  /** Makes it answer as this inventory says; resolves when it does. `touched` may name all that is new in it. */
  follow(inventory: Inventory, touched?: Touched): Promise<void>
  stats(): DhcpStats | undefined
  /** The port it answers on, once it has started. */
  port(): number | undefined
  watch(listener: (packet: PacketEvent) => void): () => void
  /** `ok`, or what keeps it from answering. */
  health(): string
  /** Why it does not answer on a network; undefined when it does, or has not been told of that network yet. */
  silence(network: Name): Silence | undefined
  close(): Promise<void>
}

interface DhcpDutyOptions {
  readonly log: Logger
  readonly boots: BootLog
  /** What happens on the networks; packets and boots are told elsewhere. */
  readonly tell: (event: DhcpEvent) => void
  /** Where it listens, other than the bridges: a loopback interface that plays them. */
  readonly sockets?: Pick<DhcpServiceOptions, 'broadcastAddress' | 'bindAddresses'>
}

/**
 * Starts the responder in a thread of its own, with the first inventory it is told to follow.
 *
 * It never fails: what it cannot do, it logs, and tries again; the API goes on.
 */
export function openDhcpDuty(
  { dhcp }: Pick<Settings, 'dhcp'>,
  { log, boots, tell, sockets }: DhcpDutyOptions,
): DhcpDuty {
  let known: Inventory | undefined
  const domainOf = (mac: string) => [...(known?.domains.values() ?? [])].find((one) => one.mac === mac)?.name
  let starting: Promise<DhcpService | undefined> | undefined
  let service: DhcpService | undefined
  let failure: string | undefined

  const start = async () => {
    try {
      service = await serveDhcp({
        source: () => (known === undefined ? {} : wholeDhcp(known)),
        ports: { server: dhcp.serverPort, client: dhcp.clientPort },
        inheritedFds: inheritedSockets(process.env, process.pid),
        onEvent: (event) => hearEvent(event, { log, boots, tell, domainOf }),
        ...sockets,
      })
      return service
    } catch (error) {
      failure = describeError(error)
      log.error({ err: error }, 'the DHCP responder cannot start: guests get no answer; the API goes on')
      return undefined
    }
  }

  return {
    async follow(inventory, touched) {
      if (starting === undefined || known === undefined) {
        known = inventory
        starting = start()
        await starting
        return
      }
      const running = await starting
      const change = dhcpChange(known, inventory, touched)
      if (change !== undefined) await running?.update(change)
      known = inventory
    },
    stats: () => service?.stats(),
    port: () => service?.ports.server,
    watch: (listener) => service?.watch(listener) ?? (() => undefined),
    health: () => failure ?? (service === undefined ? 'it has not started yet' : healthOf(service.stats())),
    silence(network) {
      if (failure !== undefined)
        return { why: `the responder cannot start: ${failure}`, fix: 'look at the log of domus serve' }
      const event = service?.stats().networks.find((one) => one.network === network)
      return event === undefined ? undefined : silenceOf(event)
    },
    close: async () => (await starting)?.close(),
  }
}

function silenceOf(event: NetworkEvent): Silence | undefined {
  const { state, address, detail = '' } = event
  if (state === 'waiting') {
    return {
      why: `domus serve answers only what a relay passes on there: ${detail}`,
      fix: `give this machine an address on network ${event.network}, or run a relay there`,
    }
  }
  return state === 'blocked'
    ? { why: `domus serve cannot answer there: ${address}: ${detail}`, fix: 'end what has the port' }
    : undefined
}

function healthOf({ networks }: DhcpStats): string {
  const blocked = networks.filter(({ state }) => state === 'blocked')
  return blocked.length === 0 ? 'ok' : blocked.map(describeNetwork).join('; ')
}

const describeNetwork = ({ network, state, address, detail }: NetworkEvent) =>
  `network ${network}: ${state}${address === undefined ? '' : ` on ${address}`}${detail === undefined ? '' : `: ${detail}`}`

function hearEvent(
  event: DhcpEvent,
  { log, boots, tell, domainOf }: DhcpDutyOptions & { domainOf(mac: string): string | undefined },
): void {
  switch (event.kind) {
    case 'packet':
      return
    case 'boot':
      boots.note({
        domain: event.domain,
        stage: event.stage,
        at: event.at,
        detail: `DHCP on ${event.network}`,
      })
      return
    case 'network':
      if (event.state === 'blocked')
        log.error(
          event,
          `DHCP: ${describeNetwork(event)}; the API goes on, and this is tried again every second`,
        )
      else if (event.state === 'waiting') log.warn(event, `DHCP: ${describeNetwork(event)}`)
      else log.info(event, `DHCP: ${describeNetwork(event)}`)
      break
    case 'observed':
      log.info(event, `DHCP: ${event.domain} would get ${event.would} on ${event.network}, which is observed`)
      break
    case 'warning':
      log.warn(event, `DHCP: ${event.message}`)
      break
    case 'rival':
      log.warn(event, `DHCP: ${event.server} answers on network ${event.network}, too`)
      noteRival(event, boots, domainOf(event.mac))
      break
    case 'decline':
      log.warn(event, `DHCP: ${event.domain} found its address ${event.address} in use by another machine`)
      break
    case 'release':
      log.info(event, `DHCP: ${event.domain} gave ${event.address} back`)
      break
  }
  tell(event)
}

/** A guest that took another server's answer is on its way to another root: its timeline says so. */
function noteRival({ at, server }: RivalEvent, boots: BootLog, domain: string | undefined): void {
  if (domain === undefined) return
  boots.note({ domain, stage: 'rival', at, detail: `answered by ${server}, not by us` })
}
