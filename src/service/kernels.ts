import { createHash } from 'node:crypto'
import { describeError } from '../errors.ts'
import { readKernel } from '../kernel/acquire.ts'
import { checkKernel, type KernelData } from '../kernel/check.ts'
import type { KernelRequest } from '../kernel/request.ts'
import type { KernelVerdict } from '../kernel/verdict.ts'
import type { Machine } from '../machine/machine.ts'
import type { Guest } from '../model/inventory.ts'
import type { Kernel } from '../model/kernel.ts'
import type { Known } from '../nfs/facts.ts'
import type { Tools } from './app.ts'

/** Verdicts by what they were made of; reading a kernel over ssh takes seconds, asking for its hash does not. */
export interface VerdictCache {
  get(key: string): KernelVerdict | undefined
  put(key: string, verdict: KernelVerdict): void
}

/** The verdict on a guest's kernel as it lies on its host; unknown, with the reason, when it cannot be read. */
export async function verdictFor(tools: Tools, guest: Guest): Promise<Known<KernelVerdict>> {
  const { domain, host, kernel } = guest
  const request = { type: kernel.type, boot: domain.boot, nfs: domain.nfsVersion }
  try {
    return { kind: 'known', value: await judgeOn(tools, tools.machines(host.machine), kernel, request) }
  } catch (error) {
    return { kind: 'unknown', reason: describeError(error) }
  }
}

/** Verdicts for many guests, each kernel of each host read once. */
export async function verdictsFor(
  tools: Tools,
  guests: readonly Guest[],
): Promise<Map<string, Known<KernelVerdict>>> {
  const asked = new Map<string, Promise<Known<KernelVerdict>>>()
  for (const guest of guests)
    if (!asked.has(kernelKey(guest))) asked.set(kernelKey(guest), verdictFor(tools, guest))
  return new Map(await Promise.all([...asked].map(async ([key, verdict]) => [key, await verdict] as const)))
}

/** What a verdict depends on, of a guest. */
export const kernelKey = ({ domain, host, kernel }: Guest) =>
  `${host.name} ${kernel.name} ${domain.boot} ${domain.nfsVersion}`

async function judgeOn(
  tools: Tools,
  machine: Machine,
  kernel: Kernel,
  request: KernelRequest,
): Promise<KernelVerdict> {
  const data = await tools.kernelData()
  const key = await keyOf(machine, kernel, request, data)
  const cached = key === undefined ? undefined : tools.verdicts.get(key)
  if (cached) return cached
  const input = await readKernel(kernel, { read: (path) => machine.readBytes(path) })
  const verdict = checkKernel(input, request, data)
  // A config that was found beside the kernel is not in the key: such a verdict is made anew each time.
  if (key !== undefined && verdict.configPath === undefined) tools.verdicts.put(key, verdict)
  return verdict
}

/** The hashes of all files that were named, with the question; undefined when one of them is missing. */
async function keyOf(
  machine: Machine,
  kernel: Kernel,
  request: KernelRequest,
  data: KernelData,
): Promise<string | undefined> {
  const files = [kernel.path, kernel.initrd, kernel.config].filter((path) => path !== undefined)
  const { exitCode, stdout } = await machine.run(['sha256sum', '--', ...files])
  if (exitCode !== 0) return undefined
  return createHash('sha256')
    .update(JSON.stringify([stdout, request, data.rules]))
    .digest('hex')
}
