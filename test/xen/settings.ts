import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Where a lab lives on this machine, and what its parts are called. */
export interface LabSettings {
  /** Also the network namespace; several labs with different names can run side by side. */
  readonly name: string
  /** Built artefacts, kept between runs. */
  readonly cacheFolder: string
  /** What exists only while the lab is up: pid files, serial logs, the ssh key. */
  readonly runFolder: string
}

/** The checkout this lab belongs to. */
export const repository = resolve(import.meta.dirname, '../..')

/** The bridge in the namespace, which stands for the provisioning host's network card. */
export const LAB_BRIDGE = 'dmbr0'
/** The address of the provisioning host, where domus runs. */
export const PROVISIONING_ADDRESS = '10.77.0.100'
/** At most: host 2 exists to be migrated to. */
export const MAX_HOSTS = 2

export type HostNumber = 1 | 2

export const addressOf = (host: HostNumber): string => `10.77.0.${host}`
export const tapOf = (host: HostNumber): string => `dmtap${host}`

/** The first `count` hosts. */
export function hostNumbers(count: number): readonly HostNumber[] {
  return ([1, 2] as const).filter((host) => host <= count)
}

/**
 * The settings of the lab called `name`.
 *
 * From the environment: DOMUS_LAB_NAME (else `fallbackName`), DOMUS_LAB_CACHE, XDG_CACHE_HOME, XDG_RUNTIME_DIR.
 */
export function labSettings(fallbackName = 'dmlab', env: NodeJS.ProcessEnv = process.env): LabSettings {
  const name = env.DOMUS_LAB_NAME || fallbackName
  if (!/^dm[a-z0-9-]{1,20}$/.test(name))
    throw new LabError(`DOMUS_LAB_NAME: ${name} is not dm… of a-z, 0-9 and -`)
  const caches = env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return {
    name,
    cacheFolder: env.DOMUS_LAB_CACHE || join(caches, 'domus', 'lab'),
    runFolder: join(env.XDG_RUNTIME_DIR || '/run', 'domus-lab', name),
  }
}

export const pidFileOf = (lab: LabSettings, host: HostNumber): string => join(lab.runFolder, `xen${host}.pid`)
export const serialLogOf = (lab: LabSettings, host: HostNumber): string =>
  join(lab.runFolder, `xen${host}.log`)
export const sshConfigOf = (lab: LabSettings): string => join(lab.runFolder, 'ssh_config')
export const domusFolderOf = (lab: LabSettings): string => join(lab.runFolder, 'domus')

/** A lab that cannot be built or run, with a message for the person at the keyboard. */
export class LabError extends Error {
  override readonly name = 'LabError'
}
