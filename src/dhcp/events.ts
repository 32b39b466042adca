import type { Ipv4, Mac, Name } from '../model/grammar.ts'

/** How far a guest's boot has come, as its messages tell. */
export type BootStage = 'discover' | 'offer' | 'request' | 'ack' | 'nak' | 'bootp-request' | 'bootp-reply'

interface At {
  /** Milliseconds since 1970. */
  readonly at: number
}

/** One per guest, boot and stage: repeats of a client that waits are not told again. */
export interface BootEvent extends At {
  readonly kind: 'boot'
  readonly network: Name
  readonly domain: Name
  readonly mac: Mac
  readonly stage: BootStage
}

/** What would have gone out in an observed network; one per guest, boot and stage. */
export interface ObservedEvent extends At {
  readonly kind: 'observed'
  readonly network: Name
  readonly domain: Name
  readonly mac: Mac
  readonly would: BootStage
}

/** One message and what was done about it; only while somebody watches. */
export interface PacketEvent extends At {
  readonly kind: 'packet'
  /** Undefined for strangers and for what could not be read. */
  readonly network?: Name
  readonly domain?: Name
  readonly mac?: Mac
  readonly from: Ipv4
  /** Of the request: DISCOVER, REQUEST, …, BOOTP; `unreadable` for what was dropped. */
  readonly type: string
  /** What went out, or would have in an observed network. */
  readonly answer?: string
  readonly to?: Ipv4
  /** Why nothing went out. */
  readonly reason?: string
}

/** A guest gave its address back, or found somebody else using it (an alarm). */
export interface AddressEvent extends At {
  readonly kind: 'release' | 'decline'
  readonly network: Name
  readonly domain: Name
  readonly mac: Mac
  readonly address: Ipv4
}

/** Another DHCP server was heard of on one of our networks. */
export interface RivalEvent extends At {
  readonly kind: 'rival'
  readonly network: Name
  readonly server: Ipv4
  /** The client that chose it. */
  readonly mac: Mac
}

/** A network can be served now, or cannot and why. */
export interface NetworkEvent extends At {
  readonly kind: 'network'
  readonly network: Name
  readonly state: NetworkState
  readonly address?: Ipv4
  readonly detail?: string
}

/**
 * listening: its sockets are open · waiting: its bridge has no address of ours yet · blocked: a socket could not
 * be opened, and is tried again · off.
 */
export type NetworkState = 'listening' | 'waiting' | 'blocked' | 'off'

/** Something an administrator should know: a small buffer, a fault of ours. */
export interface WarningEvent extends At {
  readonly kind: 'warning'
  readonly message: string
}

export type DhcpEvent =
  | BootEvent
  | ObservedEvent
  | PacketEvent
  | AddressEvent
  | RivalEvent
  | NetworkEvent
  | WarningEvent
