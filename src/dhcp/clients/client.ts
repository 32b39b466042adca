import type { Ipv4, Mac } from '../../model/grammar.ts'

/** A card that asks for an address. */
export interface Caller {
  readonly mac: Mac
  readonly xid: number
}

/** What a client believes after its last answer; what no option told it is undefined. */
export interface Reading {
  readonly address: Ipv4
  readonly netmask: Ipv4 | undefined
  readonly gateway: Ipv4 | undefined
  readonly dns: readonly Ipv4[]
  readonly ntp: readonly Ipv4[]
  readonly hostName: string | undefined
  readonly domainName: string | undefined
  readonly mtu: number | undefined
  readonly leaseSeconds: number | undefined
  readonly serverId: Ipv4 | undefined
  /** Where it mounts its root from, and what. */
  readonly rootServer: Ipv4 | undefined
  readonly rootPath: string | undefined
  /** Mount options it found behind the path. */
  readonly rootOptions: string | undefined
}

export type Outcome =
  | { readonly kind: 'bound'; readonly reading: Reading }
  | { readonly kind: 'failed'; readonly why: string }

/**
 * How a client behaves: yields what it sends and takes the answer, undefined being silence.
 *
 * A generator, so that the same model talks to the responder's functions and over a real socket.
 */
export type Exchange = Generator<Buffer, Outcome, Buffer | undefined>

export type ClientModel = (caller: Caller) => Exchange

export const failed = (why: string): Outcome => ({ kind: 'failed', why })
