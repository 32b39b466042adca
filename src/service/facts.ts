import { describeError } from '../errors.ts'
import type { FileState, Machine } from '../machine/machine.ts'
import type { Domain } from '../model/domain.ts'
import type { Ipv4, Name } from '../model/grammar.ts'
import type { Host } from '../model/host.ts'
import type { Inventory } from '../model/inventory.ts'
import { type Problem, unique } from '../model/problem.ts'
import type { Known } from '../nfs/facts.ts'
import { type Claim, fileKey, type HostFacts, type SiteFacts } from '../plan/facts.ts'
import type { FileFact } from '../plan/plan.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import type { DomainOnHost } from '../toolstack/toolstack.ts'
import type { Tools } from './app.ts'
import { gatherExportFacts } from './exports-facts.ts'

/** What to look at: the inventory as it is and as it will be. */
export interface Sight {
  readonly current: Inventory
  readonly wanted: Inventory
  /** Domains whose configs matter; all when absent. */
  readonly scope?: ReadonlySet<Name>
  /** False when no export will change: then no server is asked. */
  readonly exports: boolean
  readonly claims: ReadonlyMap<Name, Claim>
  readonly fences: ReadonlyMap<Name, string>
}

/** Looks at every host, then at every server, each in parallel; what cannot be looked at is unknown, with the reason. */
export async function gatherFacts(tools: Tools, sight: Sight): Promise<SiteFacts> {
  const unknown: Problem[] = []
  const files = new Map<string, FileFact>()
  const hosts = new Map<Name, HostFacts>()
  const domains = [...sight.wanted.domains.values(), ...sight.current.domains.values()]
  await Promise.all(
    hostsOf(sight, domains).map(async (host) => {
      const machine = tools.machines(host.machine)
      const paths = configPaths(host, domains, sight.scope)
      const [facts, found] = await Promise.all([
        gatherHost(machine, host, unknown),
        readFacts(machine, host, paths, unknown),
      ])
      hosts.set(host.name, facts)
      for (const [path, fact] of found) files.set(fileKey(host.machine, path), fact)
    }),
  )
  const running = runningAddresses(sight, hosts)
  const servers = sight.exports ? await gatherServers(tools, sight, running) : new Map()
  return { files, hosts, servers, claims: sight.claims, fences: sight.fences, unknown: unique(unknown) }
}

/** The hosts of the domains in scope, and every host we know of: a name must not run twice anywhere. */
const hostsOf = ({ current, wanted }: Sight, domains: readonly Domain[]): Host[] => {
  const all = new Map([...current.hosts, ...wanted.hosts])
  const used = new Set(domains.map(({ host }) => host))
  return [...all.values()].filter(({ name }) => used.has(name))
}

function configPaths(host: Host, domains: readonly Domain[], scope: ReadonlySet<Name> | undefined): string[] {
  const toolstack = toolstacks[host.toolstack]
  const names = domains.filter((one) => one.host === host.name && scope?.has(one.name) !== false)
  return [...new Set(names.map(({ name }) => toolstack.configPath(name)))]
}

/** What a dom0 runs now. */
export async function gatherHost(machine: Machine, host: Host, unknown: Problem[]): Promise<HostFacts> {
  const toolstack = toolstacks[host.toolstack]
  try {
    const [list, systemd] = await Promise.all([
      machine.run(toolstack.listArgv, { timeoutMs: 30_000 }),
      machine.run(['test', '-d', '/run/systemd/system']),
    ])
    if (list.exitCode !== 0) throw new Error(firstLine(list.stderr) || `exit code ${list.exitCode}`)
    return { running: byName(toolstack.parseList(list.stdout)), systemd: systemd.exitCode === 0 }
  } catch (error) {
    unknown.push({ path: `hosts/${host.name}`, message: `what it runs: ${describeError(error)}` })
    return { running: undefined, systemd: false }
  }
}

const byName = (list: readonly DomainOnHost[]) => new Map(list.map((one) => [one.name, one]))

const firstLine = (text: string) => text.trim().split('\n')[0] ?? ''

async function readFacts(
  machine: Machine,
  { name }: Host,
  paths: readonly string[],
  unknown: Problem[],
): Promise<Map<string, FileFact>> {
  try {
    const found = await machine.readFiles(paths)
    return new Map(paths.map((path) => [path, factOf(found.get(path))]))
  } catch (error) {
    const reason = describeError(error)
    unknown.push({ path: `hosts/${name}`, message: reason })
    return new Map(paths.map((path) => [path, { kind: 'unknown', reason }]))
  }
}

const factOf = (state: FileState | undefined): FileFact =>
  state === undefined ? { kind: 'absent' } : { kind: 'file', content: state.content, mode: state.mode }

/** The addresses of guests that run anywhere; unknown as soon as one host is. */
function runningAddresses(
  { current, wanted }: Sight,
  hosts: ReadonlyMap<Name, HostFacts>,
): Known<ReadonlySet<Ipv4>> {
  const addresses = new Set<Ipv4>()
  for (const [host, { running }] of hosts) {
    if (running === undefined) return { kind: 'unknown', reason: `what runs on host ${host} is not known` }
    for (const name of running.keys()) {
      const address = current.domains.get(name)?.address ?? wanted.domains.get(name)?.address
      if (address !== undefined) addresses.add(address)
    }
  }
  return { kind: 'known', value: addresses }
}

async function gatherServers(tools: Tools, { current, wanted }: Sight, running: Known<ReadonlySet<Ipv4>>) {
  const servers = [...new Map([...current.servers, ...wanted.servers]).values()]
  const gathered = servers.map(async (server) => {
    const images = [...current.images.values(), ...wanted.images.values()].filter(
      (image) => image.server === server.name,
    )
    const paths = [...new Set(images.map(({ path }) => path))]
    return [
      server.name,
      { ...(await gatherExportFacts(tools.machines(server.machine), server, paths)), running },
    ] as const
  })
  return new Map(await Promise.all(gathered))
}
