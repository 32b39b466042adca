import type { BootFacts } from '../../boot/facts.ts'
import type { Machine } from '../../machine/machine.ts'
import type { Guest } from '../../model/inventory.ts'
import type { Tools } from '../app.ts'
import { kernelKey, verdictsFor } from '../kernels.ts'
import { notAsked, orReason } from './ask.ts'

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
