import type { Name } from '../../model/grammar.ts'

/** The first descriptor systemd passes (sd_listen_fds(3)). */
const FIRST_FD = 3

/**
 * The sockets systemd opened for us, by the network they are named after (`FileDescriptorName=` in the unit).
 *
 * @param env - LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES as systemd sets them; those for another process do not count
 */
export function inheritedSockets(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): Record<Name, number> {
  if (Number(env.LISTEN_PID) !== pid) return {}
  const names = (env.LISTEN_FDNAMES ?? '').split(':')
  const count = Number(env.LISTEN_FDS) || 0
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [names[at] ?? '', FIRST_FD + at] as const).filter(
      ([name]) => name !== '',
    ),
  )
}
