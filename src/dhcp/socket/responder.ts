import type { RemoteInfo, Socket } from 'node:dgram'
import { formatIpv4 } from '../../model/address.ts'
import type { Ipv4, Mac, Name } from '../../model/grammar.ts'
import { reachStage } from '../boot-stages.ts'
import { count, MESSAGE_TYPES, type MessageResult } from '../counters.ts'
import { applyChange, findEntry, type IndexChange, newIndex, type ServedNetwork } from '../directory.ts'
import type { BootStage, DhcpEvent, PacketEvent } from '../events.ts'
import { macText, type Packet, readPacket } from '../packet.ts'
import { formatReply, type ReplyForm } from '../replies.ts'
import { domainOf, readProgress, writeProgress } from '../reply-record.ts'
import { type Decision, decide, destinationText, type Entry } from '../respond.ts'
import type { BootSubject } from './flat-boots.ts'
import { type Link, type LinkOptions, openLinks } from './links.ts'
import { localAddresses } from './local-addresses.ts'
import { describeShortBuffer, growReceiveBuffer } from './open-socket.ts'
import { openRivalWatch } from './rivals.ts'
import { openSender } from './sender.ts'

export interface ResponderOptions extends LinkOptions {
  /** How often bridges and addresses are looked at, in milliseconds. */
  readonly followMs: number
  readonly counters: Float64Array
  readonly tell: (event: DhcpEvent) => void
  /** A guest reached a stage of its boot; four times per boot, so this must be quick. */
  readonly reached: (guest: BootSubject, stage: BootStage) => void
}

const CLOCK_MS = 1_000 // to tell boots apart, a clock that is a second late will do

const STAGE_OF_REPLY: Partial<Record<ReplyForm, BootStage>> = {
  offer: 'offer',
  ack: 'ack',
  nak: 'nak',
  bootp: 'bootp-reply',
}

/** The responder on its sockets; lives in a thread of its own (worker.ts). First open, then load. */
export function openResponder(options: ResponderOptions) {
  const { counters, tell } = options
  const index = newIndex()
  const networks = new Map<Name, ServedNetwork>()
  const rivals = openRivalWatch(index, tell)
  let now = Date.now()
  let isWatched = false
  let isLoaded = false
  const warned = new Set<string>()

  const links = openLinks(index, options, {
    opened: receiveFrom,
    state: (network, state, more) => tell({ kind: 'network', at: Date.now(), network, state, ...more }),
  })

  const sender = openSender({
    ...options,
    serverPort: links.serverPort,
    failed: (type) => count(counters, type, 'send-failed'),
    fault,
  })

  function receiveFrom(socket: Socket, network: Name | undefined): void {
    const given = growReceiveBuffer(socket)
    if (given !== undefined) warnOnce(describeShortBuffer(given))
    socket.on('message', (bytes, from) => take(bytes, from, network))
    socket.on('error', (error) => warnOnce(`DHCP socket: ${error.message}`))
  }

  /** One datagram; nothing in it can stop the responder. */
  function take(bytes: Buffer, from: RemoteInfo, network: Name | undefined): void {
    try {
      answer(bytes, from, network)
    } catch (error) {
      fault(error)
    }
  }

  function fault(error: unknown): void {
    count(counters, undefined, 'fault')
    warnOnce(`bug in the DHCP responder: ${error instanceof Error ? error.stack : String(error)}`)
  }

  function answer(bytes: Buffer, from: RemoteInfo, arrivedOn: Name | undefined): void {
    const packet = readPacket(bytes)
    if ('drop' in packet) {
      count(counters, undefined, packet.drop)
      if (isWatched) tell({ ...packetHead(from), type: 'unreadable', reason: packet.drop })
      return
    }
    const entry = findEntry(index, packet.mac)
    const decision = decide(entry, packet, arrivedOn)
    const link = entry === undefined ? undefined : links.find(entry.scope.network)
    const result = entry === undefined && !isLoaded ? 'loading' : resultOf(decision, link)
    count(counters, packet.type, result) // before it is sent: who has the answer finds it counted
    if (decision.kind === 'reply' && entry !== undefined && link !== undefined) {
      reply(entry, packet, decision, link)
    }
    if (packet.serverId !== undefined) rivals.note(entry, packet.serverId, packet.mac)
    if (entry !== undefined) noteProgress(entry, packet, decision, result)
    if (isWatched) tell(describePacket(from, packet, entry, decision, result))
  }

  function reply(entry: Entry, packet: Packet, { form, to }: Reply, link: Link): void {
    const into = sender.buffer()
    const length = formatReply(form, entry.reply, entry.scope.serverId, packet, into)
    sender.send(link, length, to, packet.type)
  }

  /** Boot stages and given-back addresses; a renewal is no boot. */
  function noteProgress(entry: Entry, packet: Packet, decision: Decision, result: MessageResult): void {
    if (result === 'release' || result === 'decline') {
      const address = formatIpv4(entry.reply.address)
      tell({ kind: result, at: Date.now(), ...subject(entry, packet.mac), address })
      return
    }
    const asked = packet.ciaddr !== 0 ? undefined : stageOf(packet.type)
    if (asked === undefined || result === 'other-server' || result === 'other-network') return
    stage(entry, packet.mac, asked)
    const answered = STAGE_OF_REPLY[result as ReplyForm] // undefined for a reason of silence
    if (answered !== undefined) stage(entry, packet.mac, answered)
    if (decision.kind === 'silence' && decision.would !== undefined)
      observe(entry, packet.mac, decision.would)
  }

  function stage(entry: Entry, mac: number, reached: BootStage): void {
    if (isNew(entry, reached)) options.reached({ ...names(entry), mac }, reached)
  }

  function observe(entry: Entry, mac: number, form: ReplyForm): void {
    const would = STAGE_OF_REPLY[form]
    if (would === undefined || !isNew(entry, would)) return
    tell({ kind: 'observed', at: Date.now(), ...subject(entry, mac), would })
  }

  /** Notes a stage; true when it is the first of its kind in this boot. */
  function isNew({ reply }: Entry, reached: BootStage): boolean {
    const progress = readProgress(reply)
    const isFirst = reachStage(progress, reached, now)
    if (isFirst) writeProgress(reply, progress)
    return isFirst
  }

  function warnOnce(message: string): void {
    if (warned.has(message)) return
    warned.add(message)
    tell({ kind: 'warning', at: Date.now(), message })
  }

  function load(what: IndexChange): void {
    applyChange(index, what)
    for (const network of what.networks?.put ?? []) networks.set(network.name, network)
    for (const name of what.networks?.drop ?? []) networks.delete(name)
  }

  const follow = () => links.follow(networks.values(), localAddresses())
  const timers: NodeJS.Timeout[] = []

  return {
    serverPort: links.serverPort,
    /** Takes over a part of the inventory; opens and closes no sockets. */
    load,
    /** All parts are there: who is unknown now is a stranger. */
    loaded(): void {
      isLoaded = true
    },
    /** Opens the sockets of the networks and follows their bridges from now on. */
    async open(what: IndexChange): Promise<void> {
      load(what)
      await follow()
      timers.push(
        setInterval(() => void follow(), options.followMs), // its errors are states of the networks
        setInterval(() => {
          now = Date.now()
        }, CLOCK_MS),
      )
    },
    async change(what: IndexChange): Promise<void> {
      load(what)
      if (what.networks !== undefined) await follow()
    },
    entries: () => index.replies.size(),
    watch(on: boolean): void {
      isWatched = on
    },
    close(): void {
      for (const timer of timers) clearInterval(timer)
      links.close()
    },
  }
}

type Reply = Extract<Decision, { kind: 'reply' }>

function resultOf(decision: Decision, link: Link | undefined): MessageResult {
  if (decision.kind === 'silence') return decision.reason
  return link === undefined ? 'no-address-here' : decision.form
}

export type Responder = ReturnType<typeof openResponder>

function stageOf(type: number): BootStage | undefined {
  if (type === 0) return 'bootp-request'
  if (type === 1) return 'discover'
  return type === 3 ? 'request' : undefined
}

const names = ({ reply, scope }: Entry): { network: Name; domain: Name } => ({
  network: scope.network,
  domain: domainOf(reply),
})

const subject = (entry: Entry, mac: number): { network: Name; domain: Name; mac: Mac } => ({
  ...names(entry),
  mac: macText(mac),
})

const packetHead = (from: RemoteInfo): { kind: 'packet'; at: number; from: Ipv4 } => ({
  kind: 'packet',
  at: Date.now(),
  from: from.address,
})

function describePacket(
  from: RemoteInfo,
  packet: Packet,
  entry: Entry | undefined,
  decision: Decision,
  result: MessageResult,
): PacketEvent {
  const known = entry === undefined ? {} : names(entry)
  const head = {
    ...packetHead(from),
    ...known,
    mac: macText(packet.mac),
    type: (MESSAGE_TYPES[packet.type] ?? `type ${packet.type}`).toUpperCase(),
  }
  if (decision.kind === 'reply' && result === decision.form) {
    return { ...head, answer: decision.form.toUpperCase(), to: destinationText(decision.to) }
  }
  const would = decision.kind === 'silence' ? decision.would : undefined
  return { ...head, reason: result, ...(would === undefined ? {} : { answer: would.toUpperCase() }) }
}
