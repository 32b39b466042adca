import { isDeepStrictEqual } from 'node:util'
import type { Dialect } from '../boot/cmdline.ts'
import { type Copy, copiesOn } from '../migration/copies.ts'
import { type Decision, decide, type Hints, type Mend } from '../migration/decide.ts'
import type { HostLook } from '../migration/look.ts'
import type { Name } from '../model/grammar.ts'
import type { Host } from '../model/host.ts'
import { type Guest, type Inventory, isWritable } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'
import type { Known } from '../nfs/facts.ts'
import type { Templates } from '../render/templates.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import { linkAutostart, unlinkAutostart } from './autostart.ts'
import { type Claim, kernelPlace } from './facts.ts'
import { type FileFact, type OnMachine, OUR_MARK, type Plan, type ResourceChange, type Step } from './plan.ts'
import type { Planned } from './site.ts'

/** A guest whose copies, config and claim are to agree again. */
export interface Repair {
  readonly guest: Guest
  readonly hosts: Inventory['hosts']
  readonly looks: ReadonlyMap<Name, Known<HostLook>>
  /** Its config on each host. */
  readonly configs: ReadonlyMap<Name, FileFact>
  readonly claim: Claim | undefined
  /** Who else holds its root. */
  readonly holder: Claim | undefined
  readonly hints: Pick<Hints, 'hasArrived' | 'hasStarted'>
  readonly templates: Templates
  /** Who reads its command line on each host, by {@link kernelPlace}; as declared where absent. */
  readonly readers?: ReadonlyMap<string, Dialect>
  readonly revision: number
  /** Now, ISO 8601. */
  readonly now: string
}

/** Plans what leaves one copy of a guest at most, its config where it is, and its claim and its host in agreement with it. */
export function planRepair(repair: Repair): Planned {
  const { guest, hosts, looks, claim, hints } = repair
  const { domain } = guest
  const unknown = unknownOf(repair)
  const copies = unknown.length > 0 ? [] : copiesIn(repair)
  const decision = decide(copies, {
    ...hints,
    hosts: [...(claim === undefined ? [] : [claim.host]), domain.host],
  })
  const home = hosts.get(decision.keeper?.host ?? domain.host) ?? guest.host
  const receivers = endReceivers(repair, copies)
  const steps =
    unknown.length > 0
      ? []
      : [
          ...receivers.steps,
          ...decision.mends.map((mend) => stepOf(mend, repair)),
          ...settle(repair, decision, home),
        ]
  const plan: Plan = {
    title: `repair domain ${domain.name}`,
    steps,
    warnings: [{ path: `domains/${domain.name}`, message: decision.reason }, ...advice(repair, decision)],
    facts: unknown.length === 0 ? 'known' : 'unknown',
  }
  return {
    plan,
    refusals: [...underway(repair, looks), ...receivers.refusals, ...foreignClaim(repair, decision)],
    unknown,
  }
}

const unknownOf = ({ looks }: Repair): Problem[] =>
  [...looks].flatMap(([host, look]) => {
    const states = look.kind === 'unknown' ? look : look.value.states
    return states.kind === 'unknown' ? [{ path: `hosts/${host}`, message: states.reason }] : []
  })

function copiesIn({ guest: { domain }, hosts, looks }: Repair): Copy[] {
  return [...looks].flatMap(([name, look]) => {
    const host = hosts.get(name)
    if (host === undefined || look.kind === 'unknown' || look.value.states.kind === 'unknown') return []
    return copiesOn(
      name,
      look.value.states.value,
      { domain: domain.name, uuid: domain.uuid },
      toolstacks[host.toolstack],
    )
  })
}

/** What goes on by itself must not be judged half way. */
function underway({ guest: { domain } }: Repair, looks: Repair['looks']): Problem[] {
  return [...looks].flatMap(([host, look]) => {
    const leaving = look.kind === 'known' ? look.value.leaving : []
    if (!leaving.some((words) => words.split(' ').includes(domain.name))) return []
    return [
      {
        path: `domains/${domain.name}`,
        message: `is being migrated from ${host} right now; wait for the end of that`,
      },
    ]
  })
}

/**
 * What receives a guest may outlive the connection for long, and ends by destroying the copy that it made: so it is ended
 * first, without a chance to do so. Among several nobody can tell whose each is.
 */
function endReceivers(
  { guest: { domain }, hosts, looks }: Repair,
  copies: readonly Copy[],
): { readonly steps: readonly Step[]; readonly refusals: readonly Problem[] } {
  const steps: Step[] = []
  const refusals: Problem[] = []
  for (const [name, look] of looks) {
    const host = hosts.get(name)
    const isThere = copies.some((copy) => copy.host === name && copy.role === 'incoming')
    if (host === undefined || look.kind === 'unknown' || !isThere) continue
    const [pid, ...others] = look.value.arriving
    if (others.length > 0) {
      const message = `${others.length + 1} guests arrive on ${name} right now, and nobody can tell which receiver is its own; wait for the others`
      refusals.push({ path: `domains/${domain.name}`, message })
    } else if (pid !== undefined)
      steps.push({ kind: 'run', ...placeOf(host), argv: ['kill', '-9', String(pid)] })
  }
  return { steps, refusals }
}

function foreignClaim({ guest: { domain }, holder }: Repair, { keeper }: Decision): Problem[] {
  if (holder === undefined || keeper === undefined) return []
  return [
    {
      path: `domains/${domain.name}/claim`,
      message: `its root ${holder.root} is held by ${holder.domain} on ${holder.host}; stop one of them first`,
    },
  ]
}

const placeOf = ({ name, machine }: Host): OnMachine => ({ on: name, machine })

function stepOf({ action, copy }: Mend, { guest, hosts }: Repair): Step {
  const { domain } = guest
  const host = hosts.get(copy.host) ?? guest.host
  const { destroyArgv, renameArgv, unpauseArgv, resumeArgv } = toolstacks[host.toolstack]
  const id = String(copy.domid)
  const argvs = {
    destroy: destroyArgv(id),
    rename: renameArgv(id, domain.name),
    unpause: unpauseArgv(id),
    resume: resumeArgv(copy.domid),
  }
  return {
    kind: 'mend',
    ...placeOf(host),
    action,
    domain: domain.name,
    uuid: domain.uuid,
    domid: copy.domid,
    name: copy.name,
    condition: copy.condition,
    argv: argvs[action],
    hosts: [...hosts.values()].map(placeOf),
  }
}

/** Config, autostart, claim and host follow the copy that stays. */
function settle(repair: Repair, decision: Decision, home: Host): Step[] {
  const { guest, hosts, revision } = repair
  const elsewhere = [...hosts.values()].filter(({ name }) => name !== home.name)
  const changes = [...moveDomain(guest, home), ...settleClaim(repair, decision, home)]
  return [
    ...configAt(repair, home),
    ...(changes.length === 0
      ? []
      : [{ kind: 'record' as const, machine: 'local' as const, revision, changes }]),
    ...elsewhere.flatMap((host) => noConfigAt(repair, host)),
  ]
}

function configAt({ guest, configs, templates, readers }: Repair, home: Host): Step[] {
  const toolstack = toolstacks[home.toolstack]
  const path = toolstack.configPath(guest.domain.name)
  const before = configs.get(home.name) ?? {
    kind: 'unknown',
    reason: `nobody looked at ${home.name}:${path}`,
  }
  const there = { ...guest, domain: { ...guest.domain, host: home.name }, host: home }
  const content = toolstack.render(there, templates, readers?.get(kernelPlace(there)))
  const isMoved = guest.domain.host !== home.name
  const autostart = guest.domain.autostart && isMoved ? linkAutostart(home, guest.domain.name) : []
  // One that is there and stays is for domus apply to change.
  if (before.kind === 'file' && (before.content === content || !isMoved)) return autostart
  return [{ kind: 'write', ...placeOf(home), path, content, mode: 0o644, before }, ...autostart]
}

function noConfigAt({ guest: { domain }, configs }: Repair, host: Host): Step[] {
  const before = configs.get(host.name)
  if (before?.kind !== 'file' || !before.content.startsWith(OUR_MARK)) return []
  const path = toolstacks[host.toolstack].configPath(domain.name)
  return [
    ...(domain.autostart ? [unlinkAutostart(host, domain.name)] : []),
    { kind: 'remove', ...placeOf(host), path, before },
  ]
}

const moveDomain = ({ domain }: Guest, home: Host): ResourceChange[] =>
  domain.host === home.name
    ? []
    : [{ noun: 'domains', name: domain.name, before: domain, after: { ...domain, host: home.name } }]

function settleClaim(
  { guest, claim, holder, now }: Repair,
  { keeper }: Decision,
  home: Host,
): ResourceChange[] {
  const { domain, image, server } = guest
  if (keeper === undefined || !isWritable(image))
    return claim === undefined ? [] : [{ noun: 'claims', name: claim.root, before: claim }]
  if (holder !== undefined || claim?.host === home.name) return []
  const root = `${server.name}:${image.path}`
  const after: Claim = {
    root,
    domain: domain.name,
    host: home.name,
    generation: (claim?.generation ?? 0) + 1,
    since: now,
  }
  const change: ResourceChange = {
    noun: 'claims',
    name: root,
    ...(claim !== undefined && { before: claim }),
    after,
  }
  return isDeepStrictEqual(claim, after) ? [] : [change]
}

function advice({ guest: { domain } }: Repair, { keeper, state }: Decision): Problem[] {
  const path = `domains/${domain.name}`
  switch (state) {
    case 'running':
      return []
    case 'paused':
      return [{ path, message: `let it run, on ${keeper?.host}: xl unpause ${domain.name}` }]
    case 'crashed':
      return [{ path, message: `end it: domus destroy ${domain.name}` }]
    case 'stopped':
      return [{ path, message: `start it: domus start ${domain.name}` }]
  }
}
