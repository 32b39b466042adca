import type { Name } from '../model/grammar.ts'
import { type Copy, describeCopies, describeCopy } from './copies.ts'

/** What is done to one copy. */
export interface Mend {
  readonly action: 'destroy' | 'rename' | 'unpause' | 'resume'
  readonly copy: Copy
}

/** What is known besides the copies themselves. */
export interface Hints {
  /** Where the guest should be, the most trusted word first: the claim's host, the inventory's. */
  readonly hosts: readonly Name[]
  /** A migration said that all of the guest had arrived at the target. */
  readonly hasArrived: boolean
  /** A migration said that the guest was started at the target: what its old host has is out of date. */
  readonly hasStarted: boolean
}

/** How a guest that is in no clean state is put right. */
export interface Decision {
  /** The copy that stays; absent when none can be had. */
  readonly keeper?: Copy
  /** What becomes of it. */
  readonly state: 'running' | 'paused' | 'crashed' | 'stopped'
  readonly mends: readonly Mend[]
  /** In words: what was found, and what it comes to. */
  readonly reason: string
}

/**
 * Decides which one copy of a guest stays, and what is done with each.
 *
 * After the mends at most one copy runs; one does whenever one can be had without guessing: a copy that runs is never
 * given up for one that does not, a copy at the target is let run only when all of it had arrived, and a copy at the old
 * host is resumed only when the target's was never started.
 */
export function decide(found: readonly Copy[], hints: Hints): Decision {
  const copies = found.filter(({ condition }) => condition !== 'ending')
  const choice = choose(copies, hints)
  if (choice === undefined) {
    const reason = `${describeCopies(copies)}: ${copies.length === 0 ? 'it does not run' : 'none of them can be let run'}`
    return { state: 'stopped', mends: copies.map(destroy), reason }
  }
  const { keeper, action } = choice
  const others = copies.filter((copy) => copy !== keeper)
  const isInTheWay = ({ host, condition }: Copy) => condition === 'running' || host === keeper.host
  const mends: Mend[] = [
    ...others.filter(isInTheWay).map(destroy),
    ...(keeper.role === 'own' ? [] : [{ action: 'rename' as const, copy: keeper }]),
    ...(action === undefined ? [] : [{ action, copy: keeper }]),
    // Last, since what stays is not given up before something else runs.
    ...others.filter((copy) => !isInTheWay(copy)).map(destroy),
  ]
  const state = action === undefined ? stateOf(keeper) : 'running'
  return { keeper, state, mends, reason: `${describeCopies(copies)}: ${choice.why}` }
}

const destroy = (copy: Copy): Mend => ({ action: 'destroy', copy })

const stateOf = ({ condition }: Copy): Decision['state'] =>
  condition === 'running' || condition === 'paused' ? condition : 'crashed'

interface Choice {
  readonly keeper: Copy
  readonly action?: 'unpause' | 'resume'
  readonly why: string
}

/** The rules, in order; each says why. */
function choose(copies: readonly Copy[], hints: Hints): Choice | undefined {
  const best = (match: (copy: Copy) => boolean) => copies.filter(match).sort(byTrust(hints.hosts))[0]
  const has = (match: (copy: Copy) => boolean) => copies.some(match)

  const running = best(({ condition }) => condition === 'running')
  if (running) return { keeper: running, why: `${describeCopy(running)} stays: it runs` }

  const paused = best(({ role, condition }) => role === 'own' && condition === 'paused')
  // A copy that was renamed away means that the target was told to start the other.
  const isToldToStart = has(({ role, condition }) => role === 'away' && condition === 'suspended')
  if (paused && isToldToStart)
    return { keeper: paused, action: 'unpause', why: `${describeCopy(paused)} was told to start` }
  if (paused) return { keeper: paused, why: `${describeCopy(paused)} stays, and stays paused` }

  const incoming = best(({ role, condition }) => role === 'incoming' && condition === 'paused')
  if (incoming && (isToldToStart || hints.hasArrived))
    return { keeper: incoming, action: 'unpause', why: `all of ${describeCopy(incoming)} had arrived` }

  const suspended = hints.hasStarted ? undefined : best(({ condition }) => condition === 'suspended')
  if (suspended)
    return { keeper: suspended, action: 'resume', why: `${describeCopy(suspended)} can be resumed` }

  const away = hints.hasStarted
    ? undefined
    : best(({ role, condition }) => role !== 'incoming' && condition === 'paused')
  if (away) return { keeper: away, action: 'unpause', why: `${describeCopy(away)} is all there is` }

  const crashed = best(({ role, condition }) => role === 'own' && condition === 'crashed')
  return (
    crashed && { keeper: crashed, why: `${describeCopy(crashed)} stays: somebody may want to look at it` }
  )
}

const ROLES: readonly Copy['role'][] = ['own', 'incoming', 'away', 'other']

/** By role first: a copy under the guest's own name was meant to be the one. */
const byTrust = (hosts: readonly Name[]) => (one: Copy, other: Copy) =>
  ROLES.indexOf(one.role) - ROLES.indexOf(other.role) ||
  rank(hosts, one.host) - rank(hosts, other.host) ||
  one.domid - other.domid

const rank = (hosts: readonly Name[], host: Name) => {
  const at = hosts.indexOf(host)
  return at < 0 ? hosts.length : at
}
