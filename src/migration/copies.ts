import type { Name } from '../model/grammar.ts'
import type { DomainState, Toolstack } from '../toolstack/toolstack.ts'

/**
 * One copy of a guest on a host. A migration makes a second one: `incoming` on the target, paused until it may run;
 * the first is renamed `away` just before, suspended. `other`: the guest's uuid under a name that we do not know.
 */
export interface Copy {
  readonly host: Name
  readonly domid: number
  readonly name: string
  readonly role: 'own' | 'incoming' | 'away' | 'other'
  readonly condition: Condition
}

/** `suspended`: it has given itself up to be migrated, and runs on only when it is resumed. */
export type Condition = 'running' | 'paused' | 'suspended' | 'crashed' | 'ending'

/** Whose copies are looked for. */
export interface Sought {
  readonly domain: Name
  readonly uuid: string
}

type Names = Pick<Toolstack, 'incomingName' | 'awayName'>

/** The copies of a guest among the domUs of a host. */
export function copiesOn(
  host: Name,
  states: readonly DomainState[],
  { domain, uuid }: Sought,
  toolstack: Names,
): Copy[] {
  return states.flatMap((state): Copy[] => {
    const role = roleOf(state.name, domain, toolstack)
    // Another guest that has taken the name is not ours to touch; one whose uuid nobody tells may be ours.
    const isOurs = state.uuid === undefined ? role !== 'other' : state.uuid === uuid
    if (!isOurs) return []
    return [{ host, domid: state.domid, name: state.name, role, condition: conditionOf(state) }]
  })
}

function roleOf(name: string, domain: Name, { incomingName, awayName }: Names): Copy['role'] {
  if (name === domain) return 'own'
  if (name === incomingName(domain)) return 'incoming'
  return name === awayName(domain) ? 'away' : 'other'
}

// As xl prints them: rbpsXd, where X is the reason of a shutdown (toolstack/xl-states.ts).
function conditionOf({ state, flags }: DomainState): Condition {
  if (state !== 'running') return state
  if (flags[3] === 's') return flags[4] === 's' ? 'suspended' : 'running' // it reboots
  return flags[2] === 'p' ? 'paused' : 'running'
}

/** A copy in words. */
export const describeCopy = ({ name, host, domid, condition }: Copy) =>
  `${name} (domain ${domid} on ${host}, ${condition})`

/** All copies in words. */
export const describeCopies = (copies: readonly Copy[]) =>
  copies.length === 0 ? 'no copy anywhere' : copies.map(describeCopy).join(', ')

/** Where a guest is after a migration, when it is all there is to it: one copy, under its own name, that runs. */
export function settledHost(copies: readonly Copy[]): Name | undefined {
  const [only, ...others] = copies
  return only?.role === 'own' && only.condition === 'running' && others.length === 0 ? only.host : undefined
}
