import { createHash } from 'node:crypto'
import type { Dialect } from '../boot/cmdline.ts'
import { DomusError, describeError } from '../errors.ts'
import {
  configPlaces,
  type KernelFiles,
  type KernelPaths,
  MAX_KERNEL_BYTES,
  readKernel,
  tooLarge,
} from '../kernel/acquire.ts'
import { checkKernel, type KernelData } from '../kernel/check.ts'
import { rootDialect } from '../kernel/dialect.ts'
import type { KernelRequest } from '../kernel/request.ts'
import type { KernelVerdict } from '../kernel/verdict.ts'
import type { Machine } from '../machine/machine.ts'
import type { Guest } from '../model/inventory.ts'
import type { Known } from '../nfs/facts.ts'
import { kernelPlace } from '../plan/facts.ts'
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

/**
 * Who reads the command line of each guest with an initrd: what made the initrd that lies on its host. Where that
 * cannot be seen, it is as the kernel declares.
 */
export async function readersFor(
  tools: Tools,
  guests: readonly Guest[],
): Promise<ReadonlyMap<string, Dialect>> {
  const asked = guests.filter(({ kernel }) => kernel.initrd !== undefined)
  const verdicts = await verdictsFor(tools, asked)
  return new Map(
    asked.flatMap((guest) => {
      const verdict = verdicts.get(kernelKey(guest))
      const reader = verdict?.kind === 'known' ? rootDialect(verdict.value) : undefined
      return reader === undefined ? [] : [[kernelPlace(guest), reader] as const]
    }),
  )
}

/** What a verdict depends on, of a guest. */
export const kernelKey = ({ domain, host, kernel }: Guest) =>
  `${host.name} ${kernel.name} ${domain.boot} ${domain.nfsVersion}`

/**
 * The verdict on a kernel as it lies on a machine, from the cache when the same files were judged before.
 *
 * @throws DomusError 'invalid-input' for files that are missing, of no use or not of one kernel
 */
export async function judgeOn(
  tools: Tools,
  machine: Machine,
  kernel: KernelPaths,
  request: KernelRequest,
): Promise<KernelVerdict> {
  const data = await tools.kernelData()
  const key = await keyOf(machine, kernel, request, data)
  const cached = key === undefined ? undefined : tools.verdicts.get(key)
  if (cached) return cached
  const verdict = checkKernel(await readKernel(kernel, filesOn(machine), tools.unpackers), request, data)
  if (key !== undefined && isMadeOfKey(kernel, verdict)) tools.verdicts.put(key, verdict)
  return verdict
}

/** The hashes of the files it is made of, with the question; undefined when one that was named is missing. */
async function keyOf(
  machine: Machine,
  kernel: KernelPaths,
  request: KernelRequest,
  data: KernelData,
): Promise<string | undefined> {
  const named = [kernel.path, kernel.initrd, kernel.config].filter((path) => path !== undefined)
  const { stdout } = await machine.run(['sha256sum', '--', ...new Set([...named, ...besideOf(kernel)])])
  const hashed = new Set(stdout.split('\n').map((line) => line.slice(HASH_AND_BLANKS)))
  if (!named.every((path) => hashed.has(path))) return undefined
  return createHash('sha256')
    .update(JSON.stringify([stdout, request, data]))
    .digest('hex')
}

const HASH_AND_BLANKS = 66 // characters before the path in a line of sha256sum

/** Where the configuration is looked for first; known before the kernel is read. */
const besideOf = (kernel: KernelPaths): readonly string[] => configPlaces(kernel, undefined).slice(0, 1)

/** Of a configuration that was found further away, or nowhere, the key knows nothing: it is looked for each time. */
const isMadeOfKey = (kernel: KernelPaths, { configPath, source }: KernelVerdict): boolean =>
  configPath === undefined ? source !== 'image' : besideOf(kernel).includes(configPath)

/** Files of a machine; what has no end, or too many bytes for a kernel, is not asked for. */
function filesOn(machine: Machine): KernelFiles {
  return {
    read: async (path) => {
      const { stdout } = await machine.run(['stat', '-L', '-c', '%s %F', '--', path])
      const [, bytes, type] = /^(\d+) (.+)$/m.exec(stdout) ?? []
      if (type?.startsWith('regular') === false) throw refused(`${path} is not a regular file`)
      if (Number(bytes) > MAX_KERNEL_BYTES) throw refused(tooLarge(path))
      return machine.readBytes(path)
    },
  }
}

const refused = (message: string) => new DomusError('invalid-input', message)
