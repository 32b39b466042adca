import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DhcpEvent } from '../../../src/dhcp/events.ts'
import type { DhcpStats } from '../../../src/dhcp/socket/serve.ts'
import type { Guest } from '../../../src/model/inventory.ts'
import type { Lan } from './lan.ts'
import type { Program } from './programs.ts'
import type { ResponderInput } from './responder.ts'

export interface ResponderProcess extends Program {
  /** Resolves to an event, past or future. */
  event(fits: (event: DhcpEvent) => boolean): Promise<DhcpEvent>
  events(): DhcpEvent[]
  /** Ends it; what it counted. */
  finish(): Promise<DhcpStats>
}

/** Starts the responder on the host of a LAN and waits until it serves. */
export async function startResponder(
  lan: Lan,
  guests: readonly Guest[],
  more: Partial<ResponderInput> & { readonly wrap?: readonly string[] } = {},
): Promise<ResponderProcess> {
  const { wrap = [], ...options } = more
  const networks = [...new Map(guests.map(({ network }) => [network.name, network])).values()]
  const input: ResponderInput = { guests, networks, ...options }
  const script = join(import.meta.dirname, 'responder.ts')
  const folder = mkdtempSync(join(tmpdir(), 'domus-dhcp-'))
  const file = join(folder, 'responder.json')
  writeFileSync(file, JSON.stringify(input))
  chmodSync(folder, 0o755) // also for a responder that is not root
  const program = lan.start(lan.host, ...wrap, process.execPath, script, file)
  await program.said(/"kind":"up"/)
  rmSync(folder, { recursive: true })
  const events = () =>
    program
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as DhcpEvent)
  return {
    ...program,
    events,
    async event(fits) {
      for (let lines = 0; ; ) {
        const found = events().find(fits)
        if (found !== undefined) return found
        lines = program.output().split('\n').length
        await program.said(new RegExp(`(?:[^\\n]*\\n){${lines}}`))
      }
    },
    async finish() {
      await program.stop()
      const line = program.output().match(/^\{"kind":"stats".*\}$/m)?.[0]
      return JSON.parse(line ?? '{}') as DhcpStats
    },
  }
}
