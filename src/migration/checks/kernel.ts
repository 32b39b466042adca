import { fail, type Judge, ok, unknown, warn } from '../check.ts'

/** The guest's kernel lies on the target too, the same bytes: its first reboot there needs it. */
export const checkKernel: Judge = (move) => checkFile(move, move.guest.kernel.path, 'kernel')

/** The same for its initrd, when it has one. */
export const checkInitrd: Judge = (move) => {
  const { initrd } = move.guest.kernel
  return initrd === undefined ? ok('not needed') : checkFile(move, initrd, 'ramdisk')
}

const BOMB = 'the guest would move, and not come up again when it reboots'

function checkFile(
  { guest: { domain, host }, to, facts: { source, target } }: Parameters<Judge>[0],
  path: string,
  field: 'kernel' | 'ramdisk',
): ReturnType<Judge> {
  if (source.kind === 'unknown') return unknown(source.reason)
  if (target.kind === 'unknown') return unknown(target.reason)
  const [here, there] = [source.value.files.get(path), target.value.files.get(path)]
  if (here === undefined)
    return fail(`${host.name} has no ${path} any more: ${BOMB}`, `put it back on ${host.name}`)
  if (there !== undefined && there !== here)
    return fail(
      `${path} on ${to.name} is another one (sha256 ${there.slice(0, 12)}…, on ${host.name} ${here.slice(0, 12)}…): ${BOMB}, or as another`,
      `give the kernel a path of its own, or copy it from ${host.name} when no guest of ${to.name} needs the other`,
    )
  const running = source.value.domains.kind === 'known' ? source.value.domains.value : []
  const started = running.find(({ uuid }) => uuid === domain.uuid)?.[field]
  if (started !== undefined && started !== path)
    return warn(
      `the guest was started with ${started}, which ${to.name} needs too when it reboots`,
      `put ${started} on ${to.name}, or stop and start the guest before it moves`,
    )
  if (there === undefined) return ok(`${to.name} has no ${path}: it is copied there`)
  return ok(`${path} is the same on both`)
}
