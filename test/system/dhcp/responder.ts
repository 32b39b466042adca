/**
 * `node responder.ts FILE`: the responder as a process of its own, inside a namespace.
 *
 * Takes its guests and options from a file of JSON; writes each event as a line of JSON, and `{"kind":"up"}`
 * when it serves.
 */
import { readFileSync } from 'node:fs'
import { changeOf } from '../../../src/dhcp/change.ts'
import { serveDhcp } from '../../../src/dhcp/socket/serve.ts'
import type { Guest } from '../../../src/model/inventory.ts'
import type { Network } from '../../../src/model/network.ts'

export interface ResponderInput {
  readonly guests: readonly Guest[]
  readonly networks: readonly Network[]
  readonly inheritedFds?: Readonly<Record<string, number>>
  readonly watch?: boolean
}

const input = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ResponderInput // responder-process.ts writes it
const say = (event: object) => void process.stdout.write(`${JSON.stringify(event)}\n`)

const service = await serveDhcp({
  source: () => changeOf(input.guests, input.networks),
  ...(input.inheritedFds && { inheritedFds: input.inheritedFds }),
  followMs: 100,
  onEvent: say,
})
if (input.watch) service.watch(say)
await service.update({}) // orders are obeyed one after the other: now it watches
say({ kind: 'up' })
process.once('SIGTERM', () => {
  say({ kind: 'stats', ...service.stats() })
  void service.close()
})
