import { expectedAnswer } from '../../boot/expected.ts'
import type { HostFact } from '../../boot/facts.ts'
import { type RunningDomain, runningDomain } from '../../boot/running-root.ts'
import type { Name } from '../../model/grammar.ts'
import type { Host } from '../../model/host.ts'
import { guestOf, type Inventory } from '../../model/inventory.ts'
import type { Known } from '../../nfs/facts.ts'
import { toolstacks } from '../../toolstack/kinds.ts'
import type { DomainOnHost, HostInfo } from '../../toolstack/toolstack.ts'
import type { Tools } from '../app.ts'
import { ask, notAsked, orReason } from './ask.ts'

/** What a host said of itself. */
export interface HostLook {
  readonly running: Known<readonly DomainOnHost[]>
  readonly info: Known<HostInfo>
  readonly bridges: Known<readonly string[]>
  readonly hasVifScript: boolean | null
}

/** Asks every host at once. */
export async function gatherHosts(tools: Tools, { hosts }: Inventory): Promise<Map<Name, HostLook>> {
  return new Map(
    await Promise.all(
      [...hosts.values()].map(async (host) => [host.name, await lookAtHost(tools, host)] as const),
    ),
  )
}

async function lookAtHost(tools: Tools, host: Host): Promise<HostLook> {
  const machine = tools.machines(host.machine)
  const toolstack = toolstacks[host.toolstack]
  const [running, info, bridges, script] = await Promise.all([
    ask(machine, toolstack.listArgv, (text) => toolstack.parseList(text)),
    ask(machine, toolstack.infoArgv, (text) => toolstack.parseInfo(text)),
    ask(
      machine,
      ['sh', '-c', 'for i in /sys/class/net/*/bridge; do [ -e "$i" ] && echo "$i"; done; :'],
      (text) => text.split('\n').flatMap((line) => line.split('/')[4] ?? []),
    ),
    orReason(machine.stat('/etc/xen/scripts/vif-bridge')),
  ])
  return { running, info, bridges, hasVifScript: typeof script === 'string' ? null : script !== undefined }
}

/** All domains that run on hosts that answered, with the roots their command lines name. */
export function runningOn(inventory: Inventory, hosts: ReadonlyMap<Name, HostLook>): RunningDomain[] {
  const answerTo = answersOf(inventory)
  return [...hosts].flatMap(([host, { running }]) =>
    running.kind === 'unknown' ? [] : running.value.map((domain) => runningDomain(host, domain, answerTo)),
  )
}

/** What our DHCP answers the MACs of an inventory. */
export function answersOf(inventory: Inventory) {
  const byMac = new Map([...inventory.domains.values()].map((domain) => [domain.mac, domain]))
  return (mac: string) => {
    const domain = byMac.get(mac)
    return domain === undefined || domain.boot === 'static'
      ? undefined
      : expectedAnswer(guestOf(inventory, domain))
  }
}

/** A host as the chain of links wants to know it. */
export function hostFact(
  look: HostLook | undefined,
  running: readonly RunningDomain[],
  silent: HostFact['silent'],
): Known<HostFact> {
  if (look === undefined) return notAsked
  const { bridges, hasVifScript, info } = look
  return { kind: 'known', value: { bridges, hasVifScript, info, running, silent } }
}
