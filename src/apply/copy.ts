import { createHash } from 'node:crypto'
import { dirname } from 'node:path/posix'
import { DomusError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { Name } from '../model/grammar.ts'
import type { Inventory } from '../model/inventory.ts'
import { loadInventory } from '../store/inventory.ts'
import { missingFolders } from './restore-file.ts'
import type { StepKind, StepOf } from './step.ts'

/** The folders that were not there, deepest first. */
interface SavedPlace {
  readonly missingFolders: readonly string[]
}

/** Copies a file from one machine to another, byte by byte the same; never over one that is there. */
export const copyStep: StepKind<StepOf<'copy'>, SavedPlace> = {
  describe: ({ path, on, from }) => `copy ${path} from ${from.on} to ${on}`,
  async prepare({ path, on, machine }, { machines }) {
    const there = machines(machine)
    if ((await there.stat(path)) !== undefined)
      throw new DomusError('stale-plan', `${path} on ${on} was made since this was planned: plan again`)
    return { missingFolders: await missingFolders(there, dirname(path)) }
  },
  async apply({ path, on, machine, from, sha256, mode }, _saved, { machines, progress }) {
    const bytes = await machines(from.machine).readBytes(path)
    if (bytes === undefined || hashOf(bytes) !== sha256)
      throw new DomusError(
        'stale-plan',
        `${path} on ${from.on} was changed since this was planned: plan again`,
      )
    progress(`copying ${path} to ${on}: ${(bytes.length / 2 ** 20).toFixed(1)} MiB`)
    await machines(machine).writeFile(path, { content: bytes, mode })
    return 'changed'
  },
  async undo({ path, on, machine, sha256 }, { missingFolders: folders }, { machines, store, warn }) {
    const there = machines(machine)
    const [user] = usersOf(await loadInventory(store), on, path)
    if (user !== undefined) return warn(`${path} stays on ${on}: ${user} boots from it there by now`)
    if (!(await isOurs(there, path, sha256)))
      throw new DomusError(
        'conflict',
        `${path} on ${on} was changed by somebody else meanwhile; it was left as it is`,
      )
    await there.removeFile(path)
    // One that is not empty stays: others use it by now.
    for (const folder of folders) await there.run(['rmdir', folder])
  },
}

/** Domains of a host that boot from a file. */
const usersOf = ({ inventory: { domains, kernels } }: { inventory: Inventory }, host: Name, path: string) =>
  [...domains.values()]
    .filter((domain) => {
      const kernel = kernels.get(domain.kernel)
      return domain.host === host && (kernel?.path === path || kernel?.initrd === path)
    })
    .map(({ name }) => name)

async function isOurs(machine: Machine, path: string, sha256: string): Promise<boolean> {
  const bytes = await machine.readBytes(path)
  return bytes === undefined || hashOf(bytes) === sha256
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
