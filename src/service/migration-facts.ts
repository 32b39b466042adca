import type { ClaimFact } from '../boot/facts.ts'
import { describeError } from '../errors.ts'
import type { MigrationFacts } from '../migration/facts.ts'
import { type HostLook, readLook } from '../migration/look.ts'
import { lookArgv, lookInput } from '../migration/look-script.ts'
import type { Name } from '../model/grammar.ts'
import type { Host } from '../model/host.ts'
import type { Guest } from '../model/inventory.ts'
import type { Known } from '../nfs/facts.ts'
import type { FileFact } from '../plan/plan.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import { readDisk } from '../xl/disk.ts'
import type { Tools } from './app.ts'
import { kernelKey } from './kernels.ts'
import { gatherKernels } from './look/kernels.ts'
import { askServer } from './look/server-ports.ts'

/** Programs of a host under emulation, or under load, take their time. */
const LOOK_TIMEOUT_MS = 120_000

/**
 * Gathers all that must be known before a guest moves: one look at each host, and beside it the guest's config, the
 * verdict on its kernel, and whether its NFS server answers the target; all in parallel.
 */
export async function gatherMigrationFacts(
  tools: Tools,
  guest: Guest,
  to: Host,
  claim: Known<ClaimFact | undefined>,
): Promise<MigrationFacts> {
  const { host } = guest
  const [source, target, kernels, server, sourceConfig, targetConfig] = await Promise.all([
    lookAt(tools, host, guest, wayTo(host, to)),
    lookAt(tools, to, guest),
    gatherKernels(tools, [guest]),
    askServer(tools.machines(to.machine), guest.server.address),
    readConfig(tools, host, guest.domain.name),
    readConfig(tools, to, guest.domain.name),
  ])
  const kernel = kernels.get(kernelKey(guest)) ?? { kind: 'unknown', reason: 'nobody looked' }
  return { source, target, kernel, server, claim, sourceConfig, targetConfig }
}

/** The words that reach the target from the source; none when its address is no way there. */
function wayTo(from: Host, to: Host): readonly string[] {
  const address = to.migrateAddress ?? to.machine
  return address === 'local' ? [] : toolstacks[from.toolstack].migrateShell(address)
}

/** Looks at a host in one run. Never throws: what cannot be looked at is unknown, with the reason. */
export async function lookAt(
  tools: Tools,
  host: Host,
  { kernel, domain }: Guest,
  way: readonly string[] = [],
): Promise<Known<HostLook>> {
  const files = [kernel.path, kernel.initrd].filter((path) => path !== undefined)
  const input = lookInput(files, domain.disks.flatMap(pathOfDisk))
  try {
    const options = { input, timeoutMs: LOOK_TIMEOUT_MS }
    const { stdout } = await tools.machines(host.machine).run(lookArgv(way), options)
    return { kind: 'known', value: readLook(stdout, toolstacks[host.toolstack]) }
  } catch (error) {
    return { kind: 'unknown', reason: describeError(error) }
  }
}

function pathOfDisk(line: string): string[] {
  const read = readDisk(line)
  return 'disk' in read && read.disk.target?.startsWith('/') ? [read.disk.target] : []
}

/** The guest's config as it lies on a host. */
export async function readConfig(tools: Tools, host: Host, domain: Name): Promise<FileFact> {
  try {
    const state = await tools.machines(host.machine).readFile(toolstacks[host.toolstack].configPath(domain))
    return state === undefined
      ? { kind: 'absent' }
      : { kind: 'file', content: state.content, mode: state.mode }
  } catch (error) {
    return { kind: 'unknown', reason: describeError(error) }
  }
}
