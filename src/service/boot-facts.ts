import { type Breach, findBreaches } from '../boot/breaches.ts'
import { composeCmdline } from '../boot/cmdline.ts'
import { expectedAnswer } from '../boot/expected.ts'
import {
  type BootFacts,
  type ClaimFact,
  type HostFact,
  type ImageFact,
  readerOf,
  type ServerFact,
} from '../boot/facts.ts'
import { type RunningDomain, runningDomain } from '../boot/running-root.ts'
import { kernelWords, valuesOf } from '../boot/words.ts'
import type { ClientName } from '../dhcp/clients/kinds.ts'
import { describeError } from '../errors.ts'
import type { FileState, Machine } from '../machine/machine.ts'
import type { Name } from '../model/grammar.ts'
import type { Host } from '../model/host.ts'
import { type Guest, guestOf, type Inventory, isWritable } from '../model/inventory.ts'
import type { NfsServer } from '../model/server.ts'
import { type Known, pathFact, type ServerFacts } from '../nfs/facts.ts'
import type { Claim } from '../plan/facts.ts'
import type { FileFact } from '../plan/plan.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import type { DomainOnHost, HostInfo } from '../toolstack/toolstack.ts'
import type { Tools } from './app.ts'
import { simulateGuest } from './dhcp.ts'
import { gatherExportFacts } from './exports-facts.ts'
import { readTree } from './image-tree.ts'
import { kernelKey, verdictsFor } from './kernels.ts'
import { tryMount } from './mount-probe.ts'
import { gatherRivals, type RivalSources } from './rivals.ts'
import { askServer } from './server-ports.ts'

/** All claims, or why they are not known. */
export type Claims = Known<Iterable<Claim>>

/** Since when domains are cut off from their roots. */
export type Fences = ReadonlyMap<Name, string>

/** What to look at besides what is always looked at. */
export interface Curiosity {
  readonly claims: Claims
  readonly fences?: Fences
  /** Mounts each root with its guest's address, where the guest does not run; not to be done for a thousand at once. */
  readonly mount?: boolean
  /** What is known of other DHCP servers; with `probe` the guests' networks are asked for them. */
  readonly rivals?: RivalSources & { readonly probe?: boolean }
}

/** Gathers what the chain of links must know; each host, server, image and kernel is looked at once, in parallel. */
export async function gatherBootFacts(
  tools: Tools,
  inventory: Inventory,
  guests: readonly Guest[],
  { claims, fences, mount = false, rivals = {} }: Curiosity,
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
  const running = runningOn(inventory, hosts)
  const lookups = mount ? await gatherLookups(tools, guests, { running, ports, images }) : new Map()
  const byRoot = claimsByRoot(claims)
  const breaches = Map.groupBy(
    findBreaches(inventory, byRoot.kind === 'known' ? byRoot.value : new Map(), running),
    ({ root }) => root,
  )
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
    image: images.get(imageKey(guest)) ?? { path: notAsked, tree: notAsked },
    server: withLookup(ports.get(portsKey(guest)) ?? notAsked, lookups.get(guest.domain.name)),
    host: hostFact(hosts.get(guest.host.name), running, silent),
    claim: claimOf(guest, byRoot),
    breaches: breachesOf(guest, breaches),
    fencedSince: fences?.get(guest.domain.name),
  })
}

const notAsked = { kind: 'unknown', reason: 'nobody looked' } as const

const clientOf = ({ domain, kernel }: Guest): ClientName =>
  domain.boot === 'bootp' ? 'bootp' : kernel.initrd === undefined ? 'kernel' : 'klibc'

const claimsByRoot = (claims: Claims): Known<ReadonlyMap<string, ClaimFact>> =>
  claims.kind === 'unknown'
    ? claims
    : { kind: 'known', value: new Map([...claims.value].map((claim) => [claim.root, claim])) }

const rootOf = ({ server, image }: Guest) => `${server.name}:${image.path}`

const claimOf = (
  guest: Guest,
  claims: Known<ReadonlyMap<string, ClaimFact>>,
): Known<ClaimFact | undefined> =>
  claims.kind === 'unknown' ? claims : { kind: 'known', value: claims.value.get(rootOf(guest)) }

/** What runs on the guest's root and is not its own; not the guest itself where it belongs. */
const breachesOf = (guest: Guest, breaches: ReadonlyMap<string, readonly Breach[]>): readonly Breach[] =>
  isWritable(guest.image)
    ? (breaches.get(rootOf(guest)) ?? []).filter(
        ({ domain }) => domain.uuid !== guest.domain.uuid || domain.host !== guest.host.name,
      )
    : (breaches.get(rootOf(guest)) ?? []).filter(({ domain }) => domain.root?.isWritten === true)

/** What each guest's kernel on its host can do, by {@link kernelKey}; each kernel is read once. */
export async function gatherKernels(
  tools: Tools,
  guests: readonly Guest[],
): Promise<ReadonlyMap<string, BootFacts['kernel']>> {
  const verdicts = await verdictsFor(tools, guests)
  const byKernel = new Map(guests.map((guest) => [kernelKey(guest), guest]))
  const missing = [...byKernel.values()].map(async (guest): Promise<[string, BootFacts['kernel']]> => {
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

function runningOn(inventory: Inventory, hosts: ReadonlyMap<Name, HostLook>): RunningDomain[] {
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
): Promise<Map<string, ImageFact>> {
  const byImage = new Map(guests.map((guest) => [imageKey(guest), guest]))
  const look = async (guest: Guest): Promise<[string, ImageFact]> => {
    const { image, server } = guest
    const facts = servers.get(server.name)
    const path = facts === undefined ? notAsked : pathFact(facts, image.path)
    const tree =
      path.kind === 'directory'
        ? await readTree(tools.machines(server.machine), image.path, wantedInit(guest))
        : notAsked
    return [imageKey(guest), { path, tree }]
  }
  return new Map(await Promise.all([...byImage.values()].map(look)))
}

/** What init= on the guest's command line asks for. */
const wantedInit = (guest: Guest) => valuesOf(kernelWords(composeCmdline(guest)), 'init').at(-1)

const imageKey = (guest: Guest) => `${guest.image.name} ${wantedInit(guest) ?? ''}`

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

type Lookup = ServerFact['lookup']

const withLookup = (fact: Known<ServerFact>, lookup: Lookup | undefined): Known<ServerFact> =>
  fact.kind === 'unknown' || lookup === undefined ? fact : { kind: 'known', value: { ...fact.value, lookup } }

/** Mounts the roots of the guests that run nowhere, each from its own host, as far as their servers answer there. */
async function gatherLookups(
  tools: Tools,
  guests: readonly Guest[],
  seen: {
    readonly running: readonly RunningDomain[]
    readonly ports: ReadonlyMap<string, Known<ServerFact>>
    readonly images: ReadonlyMap<string, ImageFact>
  },
): Promise<Map<Name, Lookup>> {
  const isRunning = ({ domain }: Guest) =>
    seen.running.some(
      ({ name, uuid, macs }) => name === domain.name || uuid === domain.uuid || macs.includes(domain.mac),
    )
  const asked = guests
    .filter((guest) => seen.ports.get(portsKey(guest))?.kind === 'known' && !isRunning(guest))
    .map(async (guest): Promise<[Name, Lookup]> => {
      const tree = seen.images.get(imageKey(guest))?.tree
      const init = (tree?.kind === 'known' ? tree.value.init : undefined) ?? wantedInit(guest) ?? '/sbin/init'
      return [guest.domain.name, await tryMount(tools.machines(guest.host.machine), guest, init)]
    })
  return new Map(await Promise.all(asked))
}

/** The configs on the hosts, all of a host at once. */
async function gatherConfigs(
  tools: Tools,
  guests: readonly Guest[],
  kernels: ReadonlyMap<string, BootFacts['kernel']>,
) {
  const byHost = Map.groupBy(guests, ({ host }) => host.name)
  const read = [...byHost.values()].map(async (here): Promise<[Name, BootFacts['config']][]> => {
    const pathOf = ({ host, domain }: Guest) => toolstacks[host.toolstack].configPath(domain.name)
    const machine = here[0]?.host.machine ?? 'local'
    const found = await orReason(tools.machines(machine).readFiles(here.map(pathOf)))
    return here.map((guest) => {
      const file = typeof found === 'string' ? found : found.get(pathOf(guest))
      const reader = readerOf(guest, kernels.get(kernelKey(guest)) ?? notAsked)
      const rendered = toolstacks[guest.host.toolstack].render(guest, tools.templates, reader)
      return [guest.domain.name, { file: configFile(file), rendered }]
    })
  })
  return new Map((await Promise.all(read)).flat())
}

function configFile(file: FileState | string | undefined): FileFact {
  if (file === undefined) return { kind: 'absent' }
  if (typeof file === 'string') return { kind: 'unknown', reason: file }
  return { kind: 'file', content: file.content, mode: file.mode }
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
