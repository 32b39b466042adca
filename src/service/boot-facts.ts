import {
  type BootFacts,
  type ClaimFact,
  type HostFact,
  type ImageFact,
  type RunningDomain,
  readerOf,
  type ServerFact,
} from '../boot/facts.ts'
import type { ClientName } from '../dhcp/clients/kinds.ts'
import { describeError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { Name } from '../model/grammar.ts'
import type { Host } from '../model/host.ts'
import type { Guest, Inventory } from '../model/inventory.ts'
import type { NfsServer } from '../model/server.ts'
import { type Known, pathFact, type ServerFacts } from '../nfs/facts.ts'
import type { Claim } from '../plan/facts.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import type { DomainOnHost, HostInfo } from '../toolstack/toolstack.ts'
import type { Tools } from './app.ts'
import { simulateGuest } from './dhcp.ts'
import { gatherExportFacts } from './exports-facts.ts'
import { readTree } from './image-tree.ts'
import { kernelKey, verdictsFor } from './kernels.ts'
import { gatherRivals, type RivalSources } from './rivals.ts'
import { askServer } from './server-ports.ts'

/** Claims by domain, or why they are not known. */
export type Claims = Known<ReadonlyMap<Name, Claim>>

/** Gathers what the chain of links must know; each host, server, image and kernel is looked at once, in parallel. */
export async function gatherBootFacts(
  tools: Tools,
  inventory: Inventory,
  guests: readonly Guest[],
  claims: Claims,
  rivals: RivalSources & { probe?: boolean } = {},
): Promise<(guest: Guest) => BootFacts> {
  const [kernels, hosts, servers, rivalsOn] = await Promise.all([
    gatherKernels(tools, guests),
    gatherHosts(tools, inventory),
    gatherServers(tools, guests),
    gatherRivals(guests, { ...rivals, now: tools.now() }),
  ])
  const [images, ports, configs] = await Promise.all([
    gatherImages(tools, guests, servers),
    gatherPorts(tools, guests, hosts),
    gatherConfigs(tools, guests, kernels),
  ])
  const running = runningOn(hosts)
  const silent = [...hosts].flatMap(([host, { running: list }]) =>
    list.kind === 'unknown' ? [{ host, reason: list.reason }] : [],
  )
  return (guest) => ({
    kernel: kernels.get(kernelKey(guest)) ?? notAsked,
    config: configs.get(guest.domain.name) ?? { file: notAsked, rendered: '' },
    dhcp: {
      kind: 'known',
      value: { simulation: simulateGuest(guest, clientOf(guest)), rivals: rivalsOn(guest.network) },
    },
    exports: servers.get(guest.server.name)?.live ?? notAsked,
    image: images.get(guest.image.name) ?? { path: notAsked, tree: notAsked },
    server: ports.get(portsKey(guest)) ?? notAsked,
    host: hostFact(hosts.get(guest.host.name), running, silent),
    claim: claimOf(guest, claims),
  })
}

const notAsked = { kind: 'unknown', reason: 'nobody looked' } as const

const clientOf = ({ domain, kernel }: Guest): ClientName =>
  domain.boot === 'bootp' ? 'bootp' : kernel.initrd === undefined ? 'kernel' : 'klibc'

const claimOf = ({ domain }: Guest, claims: Claims): Known<ClaimFact | undefined> =>
  claims.kind === 'unknown' ? claims : { kind: 'known', value: claims.value.get(domain.name) }

/** What each guest's kernel on its host can do, by {@link kernelKey}; each kernel is read once. */
export async function gatherKernels(
  tools: Tools,
  guests: readonly Guest[],
): Promise<ReadonlyMap<string, BootFacts['kernel']>> {
  const verdicts = await verdictsFor(tools, guests)
  const missing = guests.map(async (guest): Promise<[string, BootFacts['kernel']]> => {
    const verdict = verdicts.get(kernelKey(guest)) ?? notAsked
    if (verdict.kind === 'known') return [kernelKey(guest), verdict]
    const absent = await missingFile(tools.machines(guest.host.machine), guest)
    return [kernelKey(guest), absent === undefined ? verdict : { kind: 'known', value: { absent } }]
  })
  return new Map(await Promise.all(missing))
}

async function missingFile(machine: Machine, { kernel }: Guest): Promise<string | undefined> {
  for (const path of [kernel.path, kernel.initrd].filter((one) => one !== undefined)) {
    const state = await orReason(machine.stat(path))
    if (state === undefined) return path
  }
  return undefined
}

interface HostLook {
  readonly running: Known<readonly DomainOnHost[]>
  readonly info: Known<HostInfo>
  readonly bridges: Known<readonly string[]>
  readonly hasVifScript: boolean | null
}

async function gatherHosts(tools: Tools, { hosts }: Inventory): Promise<Map<Name, HostLook>> {
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

function runningOn(hosts: ReadonlyMap<Name, HostLook>): RunningDomain[] {
  return [...hosts].flatMap(([host, { running }]) =>
    running.kind === 'unknown'
      ? []
      : running.value.map(({ name, domid, uuid, vifs }) => ({
          name,
          domid,
          uuid,
          host,
          macs: vifs.map(({ mac }) => mac),
        })),
  )
}

function hostFact(
  look: HostLook | undefined,
  running: readonly RunningDomain[],
  silent: HostFact['silent'],
): Known<HostFact> {
  if (look === undefined) return notAsked
  if (look.bridges.kind === 'unknown') return look.bridges
  return {
    kind: 'known',
    value: { bridges: look.bridges.value, hasVifScript: look.hasVifScript, info: look.info, running, silent },
  }
}

async function gatherServers(tools: Tools, guests: readonly Guest[]): Promise<Map<Name, ServerFacts>> {
  const servers = new Map(guests.map(({ server }) => [server.name, server]))
  const look = async (server: NfsServer) => {
    const paths = new Set(
      guests.flatMap((guest) => (guest.server.name === server.name ? [guest.image.path] : [])),
    )
    return [server.name, await gatherExportFacts(tools.machines(server.machine), server, [...paths])] as const
  }
  return new Map(await Promise.all([...servers.values()].map(look)))
}

async function gatherImages(
  tools: Tools,
  guests: readonly Guest[],
  servers: ReadonlyMap<Name, ServerFacts>,
): Promise<Map<Name, ImageFact>> {
  const byImage = new Map(guests.map((guest) => [guest.image.name, guest]))
  const look = async ({ image, server }: Guest): Promise<[Name, ImageFact]> => {
    const facts = servers.get(server.name)
    const path = facts === undefined ? notAsked : pathFact(facts, image.path)
    const tree =
      path.kind === 'directory' ? await readTree(tools.machines(server.machine), image.path) : notAsked
    return [image.name, { path, tree }]
  }
  return new Map(await Promise.all([...byImage.values()].map(look)))
}

const portsKey = ({ host, server }: Guest) => `${host.name} ${server.address}`

/** Asked from the guest's host, once that has shown to be one: from there the guest's packets will go. */
async function gatherPorts(
  tools: Tools,
  guests: readonly Guest[],
  hosts: ReadonlyMap<Name, HostLook>,
): Promise<Map<string, Known<ServerFact>>> {
  const pairs = new Map(guests.map((guest) => [portsKey(guest), guest]))
  const asked = [...pairs].map(async ([key, { host, server }]) => {
    const info = hosts.get(host.name)?.info ?? notAsked
    if (info.kind === 'unknown')
      return [
        key,
        {
          kind: 'unknown' as const,
          reason: `${server.address} is asked from host ${host.name}: ${info.reason}`,
        },
      ] as const
    return [key, await askServer(tools.machines(host.machine), server.address)] as const
  })
  return new Map(await Promise.all(asked))
}

async function gatherConfigs(
  tools: Tools,
  guests: readonly Guest[],
  kernels: ReadonlyMap<string, BootFacts['kernel']>,
) {
  const read = guests.map(async (guest): Promise<[Name, BootFacts['config']]> => {
    const toolstack = toolstacks[guest.host.toolstack]
    const reader = readerOf(guest, kernels.get(kernelKey(guest)) ?? notAsked)
    const rendered = toolstack.render(guest, tools.templates, reader)
    const state = await orReason(
      tools.machines(guest.host.machine).readFile(toolstack.configPath(guest.domain.name)),
    )
    if (typeof state === 'string')
      return [guest.domain.name, { file: { kind: 'unknown', reason: state }, rendered }]
    const file =
      state === undefined
        ? ({ kind: 'absent' } as const)
        : { kind: 'file' as const, content: state.content, mode: state.mode }
    return [guest.domain.name, { file, rendered }]
  })
  return new Map(await Promise.all(read))
}

async function ask<T>(
  machine: Machine,
  argv: readonly string[],
  parse: (stdout: string) => T,
): Promise<Known<T>> {
  try {
    const { exitCode, stdout, stderr } = await machine.run(argv, { timeoutMs: 30_000 })
    if (exitCode !== 0)
      return {
        kind: 'unknown',
        reason: `${argv.join(' ')} on ${machine.address}: ${stderr.trim().split('\n')[0]}`,
      }
    return { kind: 'known', value: parse(stdout) }
  } catch (error) {
    return { kind: 'unknown', reason: describeError(error) }
  }
}

/** The value, or why there is none, as text. */
const orReason = async <T>(promise: Promise<T>): Promise<T | string> => promise.catch(describeError)
