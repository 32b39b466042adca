import { isIpv4, parseIpv4 } from '../model/address.ts'
import type { Ipv4, Mac, Name } from '../model/grammar.ts'
import type { Guest } from '../model/inventory.ts'
import { dhcpIndex } from './change.ts'
import type { Outcome, Reading } from './clients/client.ts'
import { type ClientName, clientModels } from './clients/kinds.ts'
import { type DhcpIndex, findEntry, setServerId } from './directory.ts'
import { macNumber, readOptions } from './packet.ts'
import { respond } from './respond.ts'

/** What simulate cannot know by itself. */
export interface SimulateContext {
  /** Our address on the guest's bridge, where the network names none. */
  readonly serverId?: Ipv4
  /** The mount options on the guest's own command line: they count, since our option 17 carries none. */
  readonly nfsOptions?: string
}

/** One message of the exchange: what was asked, what the responder did. */
export interface SimulatedMessage {
  readonly asked: string
  readonly answer: string
  /** Length of the answer in bytes; 0 for silence. */
  readonly bytes: number
}

/** JSON of `domus dhcp simulate`; null is what nobody knows or what was not answered. */
export interface SimulateResult {
  readonly mac: Mac
  readonly client: ClientName
  readonly domain: Name | null
  readonly network: Name | null
  readonly answered: boolean
  readonly reason?: string
  readonly address: Ipv4 | null
  readonly rootServer: Ipv4 | null
  readonly rootPath: string | null
  readonly nfsOptions: string | null
  readonly netmask: Ipv4 | null
  readonly gateway: Ipv4 | null
  readonly dns: readonly Ipv4[]
  readonly ntp: readonly Ipv4[]
  readonly hostName: string | null
  readonly domainName: string | null
  readonly mtu: number | null
  readonly leaseSeconds: number | null
  readonly serverId: Ipv4 | null
  readonly messages: readonly SimulatedMessage[]
}

const XID = 0x646f6d75 // any number will do: it only has to come back

/** Stands in for our address while nobody knows it (RFC 5737); never shown. */
const UNKNOWN_SERVER = parseIpv4('192.0.2.1')

/**
 * What the responder would answer to this MAC, and what that client makes of it.
 *
 * The request goes through the real responder, the answer through a model of the client; `guest` is the one with
 * this MAC, if any.
 */
export function simulate(
  guest: Guest | undefined,
  mac: Mac,
  client: ClientName,
  context: SimulateContext = {},
): SimulateResult {
  const index = dhcpIndex(guest === undefined ? [] : [guest])
  const serverId = guest?.network.dhcpServer ?? context.serverId
  if (guest !== undefined && serverId === undefined) setServerId(index, guest.network.name, UNKNOWN_SERVER)
  else if (guest !== undefined && serverId !== undefined)
    setServerId(index, guest.network.name, parseIpv4(serverId))
  const messages: SimulatedMessage[] = []
  const silences: string[] = []
  const outcome = converse(index, mac, client, (message, why) => {
    messages.push(message)
    if (why !== undefined) silences.push(why)
  })
  const head = { mac, client, domain: guest?.domain.name ?? null, network: guest?.network.name ?? null }
  if (outcome.kind === 'bound') {
    return { ...head, answered: true, ...readingJson(outcome.reading, serverId, context), messages }
  }
  const reason = silences.length > 0 ? silenceText(silences[0] ?? '', mac, guest) : outcome.why
  return { ...head, answered: false, reason, ...readingJson(undefined, undefined, {}), messages }
}

/** Lets the client's model talk to the responder's functions. */
function converse(
  index: DhcpIndex,
  mac: Mac,
  client: ClientName,
  note: (message: SimulatedMessage, why?: string) => void,
): Outcome {
  const exchange = clientModels[client]({ mac, xid: XID })
  let step = exchange.next()
  while (!step.done) {
    const answer = respond((key) => findEntry(index, key), step.value)
    const asked = describeMessage(step.value)
    if (answer.kind === 'silence') {
      note({ asked, answer: 'silence', bytes: 0 }, answer.reason)
      step = exchange.next(undefined)
    } else {
      note({ asked, answer: describeMessage(answer.bytes), bytes: answer.bytes.length })
      step = exchange.next(answer.bytes)
    }
  }
  return step.value
}

const MESSAGES = ['BOOTP', 'DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM']

/** The name of a message's type. */
export function describeMessage(bytes: Buffer): string {
  const type = readOptions(bytes)?.get(53)?.[0] ?? 0
  return MESSAGES[type] ?? `type ${type}`
}

function silenceText(reason: string, mac: Mac, guest: Guest | undefined): string {
  const network = guest?.network.name
  switch (reason) {
    case 'unknown-mac':
      return `no domain has the MAC ${mac}: strangers get no answer`
    case 'network-off':
      return `DHCP is off on network ${network}`
    case 'observed':
      return `network ${network} is only observed: domus sends nothing there`
    default:
      return reason
  }
}

function readingJson(
  reading: Reading | undefined,
  serverId: Ipv4 | undefined,
  { nfsOptions }: SimulateContext,
) {
  return {
    address: reading?.address ?? null,
    rootServer: reading?.rootServer ?? null,
    rootPath: reading?.rootPath ?? null,
    nfsOptions: reading === undefined ? null : (reading.rootOptions ?? nfsOptions ?? ''),
    netmask: reading?.netmask ?? null,
    gateway: reading?.gateway ?? null,
    dns: reading?.dns ?? [],
    ntp: reading?.ntp ?? [],
    hostName: reading?.hostName ?? null,
    domainName: reading?.domainName ?? null,
    mtu: reading?.mtu ?? null,
    leaseSeconds: reading?.leaseSeconds ?? null,
    serverId: serverId !== undefined && isIpv4(serverId) ? serverId : null,
  }
}

/** The guest with a MAC, among those of an inventory. */
export const guestWithMac = (guests: Iterable<Guest>, mac: Mac): Guest | undefined =>
  [...guests].find(({ domain }) => macNumber(domain.mac) === macNumber(mac))
