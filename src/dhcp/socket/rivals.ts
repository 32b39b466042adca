import { contains, formatIpv4 } from '../../model/address.ts'
import type { Name } from '../../model/grammar.ts'
import type { DhcpIndex } from '../directory.ts'
import type { DhcpEvent } from '../events.ts'
import { macText } from '../packet.ts'
import type { Entry, Scope } from '../respond.ts'

/** A rival is told of once in this time, per network. */
const SILENCE_MS = 600_000
const MOST_REMEMBERED = 1_000 // server identifiers are anybody's to invent

/**
 * Notices other servers by the identifier (option 54) their clients send.
 *
 * A known guest that chose another server is news on its own network; a stranger's choice is, when that server's
 * address lies in one of our networks: the broadcast does not say which bridge it came from.
 */
export function openRivalWatch(index: DhcpIndex, tell: (event: DhcpEvent) => void) {
  const lastTold = new Map<string, number>()

  function networkOf(entry: Entry | undefined, server: number): Scope | undefined {
    if (entry !== undefined) return entry.scope
    return [...index.scopes.values()].find(({ first, last }) => contains({ first, last, prefix: 0 }, server))
  }

  return {
    note(entry: Entry | undefined, server: number, mac: number): void {
      if (entry !== undefined && (server === entry.scope.serverId || entry.scope.serverId === 0)) return
      const scope = networkOf(entry, server)
      if (scope === undefined || scope.mode === 'off' || server === scope.serverId || !isUnicast(server))
        return
      const now = Date.now()
      if (!isDue(scope.network, server, now)) return
      tell({ kind: 'rival', at: now, network: scope.network, server: formatIpv4(server), mac: macText(mac) })
    },
  }

  function isDue(network: Name, server: number, now: number): boolean {
    const key = `${network} ${server}`
    if (now - (lastTold.get(key) ?? 0) < SILENCE_MS) return false
    if (lastTold.size >= MOST_REMEMBERED) lastTold.clear()
    lastTold.set(key, now)
    return true
  }
}

const isUnicast = (address: number) => address >>> 24 !== 0 && address >>> 28 < 14
