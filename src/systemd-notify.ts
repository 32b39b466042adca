import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Tells systemd how the service is: sd_notify(3), through systemd-notify(1), since Node has no unix datagrams. */
export interface SystemdNotify {
  /** `READY=1`, `STOPPING=1`, `STATUS=…`; does nothing when systemd did not start us. */
  tell(...states: readonly string[]): Promise<void>
  close(): void
}

/**
 * Opens the way to systemd, and says WATCHDOG=1 twice in the time it grants us (`WatchdogSec=`).
 *
 * The unit must have NotifyAccess=all, because a child speaks for us. What fails is told to `fault`.
 */
export function openSystemdNotify(env: NodeJS.ProcessEnv, fault: (error: unknown) => void): SystemdNotify {
  if (env.NOTIFY_SOCKET === undefined) return { tell: async () => undefined, close: () => undefined }
  const run = promisify(execFile)
  const tell = async (...states: readonly string[]) => {
    await run('systemd-notify', [`--pid=${process.pid}`, ...states], { timeout: 10_000 }).catch(fault)
  }
  const isOurs = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === process.pid
  const watchdogMs = isOurs ? Number(env.WATCHDOG_USEC ?? 0) / 1000 : 0
  const timer = watchdogMs > 0 ? setInterval(() => void tell('WATCHDOG=1'), watchdogMs / 2) : undefined
  return { tell, close: () => clearInterval(timer) }
}
