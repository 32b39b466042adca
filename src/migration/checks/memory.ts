import { fail, type Judge, ok, unknown, warn } from '../check.ts'
import type { HostLook } from '../look.ts'

const MIN_DOM0_MIB = 128 // libxl leaves it so much (LIBXL_MIN_DOM0_MEM)

/** The target has room for the guest, at once or by taking some from its dom0. */
export const checkMemory: Judge = ({ guest: { domain }, to, facts: { source, target } }) => {
  if (target.kind === 'unknown') return unknown(target.reason)
  const { info } = target.value
  if (info.kind === 'unknown') return unknown(info.reason)
  const states =
    source.kind === 'known' && source.value.states.kind === 'known' ? source.value.states.value : []
  const guestMiB = Math.max(domain.memoryMiB, states.find(({ uuid }) => uuid === domain.uuid)?.memoryMiB ?? 0)
  const neededMiB = guestMiB + overheadMiB(guestMiB, domain.vcpus)
  const { freeMemoryMiB } = info.value
  const words = `the guest needs ${neededMiB} MiB, and ${to.name} has ${freeMemoryMiB} free`
  if (freeMemoryMiB >= neededMiB) return ok(words)
  const spare = balloonMiB(target.value, info.value.commandLine)
  if (freeMemoryMiB + spare >= neededMiB)
    return warn(`${words}: its dom0 gives the rest, which takes time`, `stop other guests on ${to.name}`)
  return fail(
    spare > 0 ? `${words}, and at most ${spare} that its dom0 could give` : words,
    `stop or move other guests on ${to.name}`,
  )
}

/** What Xen keeps for a guest besides its memory. @see libxl_mem.c: libxl_get_required_shadow_memory */
const overheadMiB = (guestMiB: number, vcpus: number) =>
  Math.ceil((4 * (256 * vcpus + 2 * guestMiB)) / 1024) + 2

/** What xl may take from dom0: nothing when dom0 was given a fixed size. @see xl.conf(5): autoballoon */
function balloonMiB({ autoballoon = 'auto', dom0MiB = 0 }: HostLook, commandLine: string): number {
  const isOn =
    autoballoon === 'auto' ? !/(?:^|\s)dom0_mem=/.test(commandLine) : /^(?:on|1)$/.test(autoballoon)
  return isOn ? Math.max(0, dom0MiB - MIN_DOM0_MIB) : 0
}
