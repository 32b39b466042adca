import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ZodTypeProvider } from '@fastify/type-provider-zod'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { Settings } from '../config.ts'
import type { Templates } from '../render/templates.ts'
import type { Jobs } from '../service/jobs.ts'
import type { EventHub } from './event-hub.ts'
import type { DhcpCount } from './metrics.ts'
import type { Runs } from './runs.ts'

/** What the server is made of. */
export interface ServerOptions {
  readonly jobs: Jobs
  readonly settings: Pick<Settings, 'tokens'>
  readonly templates: Templates
  readonly log: FastifyBaseLogger
  readonly events: EventHub
  readonly version: string
  /** Messages since the start, by type and result; absent when this process answers no DHCP. */
  readonly dhcpStats?: () => readonly DhcpCount[]
  /** Tells of every packet until the returned function is called; absent as above. */
  readonly watchDhcp?: (listener: (packet: unknown) => void) => () => void
  /** How many resources of each noun are recorded. */
  readonly resourceCounts?: () => Readonly<Record<string, number>>
  /** How many domUs run on roots of others, as was seen at the last look. */
  readonly claimBreaches?: () => number
  /** The parts of the service that must work before it is ready: `ok`, or why it does not. */
  readonly health?: () => Promise<Readonly<Record<string, string>>>
}

/** What every file of routes gets. */
export interface Context extends ServerOptions {
  readonly runs: Runs
  /** Aborted when the server begins to close: whoever waits then answers. */
  readonly closing: AbortSignal
}

export type Server = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>
