import type { Guest } from '../model/inventory.ts'
import type { RunningDomain } from './running-root.ts'

/** All that runs under the name, the uuid or the MAC of a guest, itself included. */
export function runningLike(running: readonly RunningDomain[], { domain }: Guest): readonly RunningDomain[] {
  const index = indexes.get(running) ?? makeIndex(running)
  indexes.set(running, index)
  const found = [domain.name, domain.uuid, domain.mac].flatMap((word) => index.get(word) ?? [])
  return [...new Set(found)]
}

type Index = ReadonlyMap<string, readonly RunningDomain[]>

// Thousands of guests look at one list. Names, uuids and MACs do not look alike.
const indexes = new WeakMap<readonly RunningDomain[], Index>()

function makeIndex(running: readonly RunningDomain[]): Index {
  const index = new Map<string, RunningDomain[]>()
  for (const one of running)
    for (const word of new Set([one.name, one.uuid, ...one.macs])) {
      const others = index.get(word)
      if (others === undefined) index.set(word, [one])
      else others.push(one)
    }
  return index
}

/** Whether the guest itself runs where it belongs. */
export const runsAtHome = (running: readonly RunningDomain[], guest: Guest): boolean =>
  runningLike(running, guest).some(({ uuid, host }) => uuid === guest.domain.uuid && host === guest.host.name)
