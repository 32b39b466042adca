import type { Breach } from '../../boot/breaches.ts'
import type { ClaimFact } from '../../boot/facts.ts'
import type { Name } from '../../model/grammar.ts'
import { type Guest, isWritable, rootOf } from '../../model/inventory.ts'
import type { Known } from '../../nfs/facts.ts'
import type { Claim } from '../../plan/facts.ts'

/** All claims, or why they are not known. */
export type Claims = Known<Iterable<Claim>>

/** Since when domains are cut off from their roots. */
export type Fences = ReadonlyMap<Name, string>

/** Claims by what they are on, `SERVER:PATH`. */
export const claimsByRoot = (claims: Claims): Known<ReadonlyMap<string, ClaimFact>> =>
  claims.kind === 'unknown'
    ? claims
    : { kind: 'known', value: new Map([...claims.value].map((claim) => [claim.root, claim])) }

/** Who holds the guest's root. */
export const claimOf = (
  guest: Guest,
  claims: Known<ReadonlyMap<string, ClaimFact>>,
): Known<ClaimFact | undefined> =>
  claims.kind === 'unknown' ? claims : { kind: 'known', value: claims.value.get(rootOf(guest)) }

/** What runs on the guest's root and is not its own; not the guest itself where it belongs. */
export const breachesOf = (
  guest: Guest,
  breaches: ReadonlyMap<string, readonly Breach[]>,
): readonly Breach[] =>
  isWritable(guest.image)
    ? (breaches.get(rootOf(guest)) ?? []).filter(
        ({ domain }) => domain.uuid !== guest.domain.uuid || domain.host !== guest.host.name,
      )
    : (breaches.get(rootOf(guest)) ?? []).filter(({ domain }) => domain.root?.isWritten === true)
