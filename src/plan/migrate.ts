import { readerOf } from '../boot/facts.ts'
import type { Check } from '../migration/check.ts'
import type { MigrationFacts } from '../migration/facts.ts'
import type { HostLook } from '../migration/look.ts'
import { judgeMove } from '../migration/preflight.ts'
import type { Host } from '../model/host.ts'
import { type Guest, isWritable } from '../model/inventory.ts'
import type { Templates } from '../render/templates.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import { linkAutostart, unlinkAutostart } from './autostart.ts'
import type { Claim } from './facts.ts'
import { type OnMachine, OUR_MARK, type Plan, type ResourceChange, type Step } from './plan.ts'
import type { Planned } from './site.ts'

/** A guest that is to go from its host to another. */
export interface Migration {
  readonly guest: Guest
  readonly to: Host
  readonly facts: MigrationFacts
  readonly checks: readonly Check[]
  /** Checks that may fail. */
  readonly force: readonly string[]
  readonly claim: Claim | undefined
  readonly templates: Templates
  /** Now, ISO 8601. */
  readonly now: string
}

/**
 * Plans a live migration: what the guest needs on the target first, then the move with its record, then what is left
 * on the old host.
 */
export function planMigrate(migration: Migration): Planned {
  const { guest, to, facts, checks, force } = migration
  const { domain, host } = guest
  const { refusals, warnings } = judgeMove(domain.name, checks, force)
  const [source, target] = [whatIs(facts.source), whatIs(facts.target)]
  const unknown = [
    { name: host.name, fact: facts.source },
    { name: to.name, fact: facts.target },
  ].flatMap(({ name, fact }) =>
    fact.kind === 'unknown' ? [{ path: `hosts/${name}`, message: fact.reason }] : [],
  )
  const way = to.migrateAddress ?? to.machine
  const steps =
    source === undefined || target === undefined || way === 'local'
      ? []
      : [
          ...copyKernel(guest, to, source, target),
          ...writeConfig(migration),
          ...(domain.autostart ? linkAutostart(to, domain.name) : []),
          move(migration, source),
          ...(domain.autostart ? [unlinkAutostart(host, domain.name)] : []),
          ...removeConfig(guest, facts),
        ]
  const plan: Plan = {
    title: `migrate domain ${domain.name} from ${host.name} to ${to.name}`,
    steps,
    warnings,
    facts: unknown.length === 0 ? 'known' : 'unknown',
  }
  return { plan, refusals, unknown }
}

const whatIs = <T>(fact: { kind: 'known'; value: T } | { kind: 'unknown' }): T | undefined =>
  fact.kind === 'known' ? fact.value : undefined

const placeOf = ({ name, machine }: Host): OnMachine => ({ on: name, machine })

/** Kernel and initrd, where the target has none at that path; one with other bytes is never replaced. */
function copyKernel({ kernel, host }: Guest, to: Host, here: HostLook, there: HostLook): Step[] {
  const paths = [kernel.path, kernel.initrd].filter((path) => path !== undefined)
  return paths.flatMap((path): Step[] => {
    const sha256 = here.files.get(path)
    if (sha256 === undefined || there.files.get(path) !== undefined) return []
    return [{ kind: 'copy', ...placeOf(to), path, from: placeOf(host), sha256, mode: 0o644 }]
  })
}

function writeConfig({ guest, to, facts, templates }: Migration): Step[] {
  const { targetConfig: before, kernel } = facts
  const toolstack = toolstacks[to.toolstack]
  const content = toolstack.render(
    { ...guest, domain: { ...guest.domain, host: to.name }, host: to },
    templates,
    readerOf(guest, kernel),
  )
  if (before.kind === 'file' && before.content === content) return []
  const path = toolstack.configPath(guest.domain.name)
  return [{ kind: 'write', ...placeOf(to), path, content, mode: 0o644, before }]
}

function move({ guest, to, facts, claim, now }: Migration, source: HostLook): Step {
  const { domain, host } = guest
  const toolstack = toolstacks[host.toolstack]
  const config = configToSend(guest, facts, source)
  return {
    kind: 'migrate',
    ...placeOf(host),
    domain: domain.name,
    uuid: domain.uuid,
    argv: toolstack.migrateArgv(
      domain.name,
      to.migrateAddress ?? to.machine,
      config === undefined ? {} : { config },
    ),
    to: placeOf(to),
    systemd: source.systemd,
    changes: [
      { noun: 'domains', name: domain.name, before: domain, after: { ...domain, host: to.name } },
      ...moveClaim(guest, to, claim, now),
    ],
  }
}

/**
 * The host remembers what a guest was made of, and that is what should be sent. Where it has lost it, our file can
 * take its place: but only with the uuid in it, or xl makes a new one.
 */
function configToSend(
  { domain, host }: Guest,
  { sourceConfig }: MigrationFacts,
  source: HostLook,
): string | undefined {
  const isRemembered =
    source.domains.kind === 'known' && source.domains.value.some(({ uuid }) => uuid === domain.uuid)
  if (isRemembered || sourceConfig.kind !== 'file') return undefined
  const hasUuid = sourceConfig.content.split('\n').some((line) => line.trim() === `uuid = "${domain.uuid}"`)
  return hasUuid ? toolstacks[host.toolstack].configPath(domain.name) : undefined
}

function moveClaim(
  { image, server }: Guest,
  to: Host,
  claim: Claim | undefined,
  now: string,
): ResourceChange[] {
  if (!isWritable(image) || claim === undefined) return []
  const after: Claim = { ...claim, host: to.name, generation: claim.generation + 1, since: now }
  return [{ noun: 'claims', name: `${server.name}:${image.path}`, before: claim, after }]
}

function removeConfig({ domain, host }: Guest, { sourceConfig: before }: MigrationFacts): Step[] {
  if (before.kind !== 'file' || !before.content.startsWith(OUR_MARK)) return []
  const path = toolstacks[host.toolstack].configPath(domain.name)
  return [{ kind: 'remove', ...placeOf(host), path, before }]
}
