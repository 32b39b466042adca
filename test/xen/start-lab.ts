import { join } from 'node:path'
import { execa } from 'execa'
import { ensureShadowHypervisor } from './artefacts/lab-artefacts.ts'
import { bringUp, prepareLab, takeDown, takeDownAbandoned } from './bring-up.ts'
import { type FollowedLog, followProgram } from './follow.ts'
import { inNamespace } from './namespace.ts'
import {
  domusFolderOf,
  type HostNumber,
  hostNumbers,
  LabError,
  type LabSettings,
  labSettings,
  repository,
  sshConfigOf,
} from './settings.ts'
import { sshCommand } from './ssh.ts'

/** What a program that ran to its end gave. */
export interface Finished {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly timeoutMs?: number
}

/** A running lab, as tests see it. */
export interface Lab {
  readonly settings: LabSettings
  /** The network namespace that stands for the provisioning host, 10.77.0.100. */
  readonly namespace: string
  readonly hosts: readonly HostNumber[]
  /** Runs a program in the dom0 of a host; a failing one is a result, not an error. */
  ssh(host: HostNumber, argv: readonly string[], options?: RunOptions): Promise<Finished>
  /** The same for a program that must work: gives its stdout. @throws LabError with its stderr */
  must(host: HostNumber, argv: readonly string[], options?: RunOptions): Promise<string>
  /** Runs domus from the checkout on the provisioning host, with a state folder of the lab's own. */
  domus(argv: readonly string[], options?: RunOptions): Promise<Finished>
  /** Runs any program on the provisioning host. */
  run(argv: readonly string[], options?: RunOptions): Promise<Finished>
  /** The command line that runs `argv` on the provisioning host, for programs that stay. */
  command(argv: readonly string[]): readonly [string, readonly string[]]
  /** Follows the console of a guest, from the first line ever logged under its name or from now on. */
  console(host: HostNumber, domain: string, options?: { readonly from: 'start' | 'now' }): FollowedLog
  stop(): Promise<void>
}

export interface LabOptions {
  readonly hosts: 1 | 2
  /** `shadow` is Debian's with shadow paging, which live migration of PV guests needs; building it takes minutes. */
  readonly hypervisor?: 'debian' | 'shadow'
}

const COMMAND_TIMEOUT_MS = 120_000

/** Where xenconsoled logs the console of a guest; the file outlives the guest and is appended to by the next. */
export const guestConsoleLog = (domain: string): string => `/var/log/xen/console/guest-${domain}.log`

/**
 * Boots a lab of its own for a test file: fresh disks, nothing left of earlier runs.
 *
 * It lives beside one brought up by hand, under the name dmtest.
 *
 * @throws LabError when another live process has a lab of that name
 */
export async function startLab({ hosts, hypervisor = 'debian' }: LabOptions): Promise<Lab> {
  const lab = labSettings('dmtest')
  await takeDownAbandoned(lab)
  const artefacts = await prepareLab(lab)
  const shadow = hypervisor === 'shadow' && { hypervisor: await ensureShadowHypervisor(lab) }
  await bringUp(lab, hosts, { ...artefacts, ...shadow })
  return openLab(lab, hosts)
}

/** A handle on a lab that is up. */
export function openLab(settings: LabSettings, hosts: number): Lab {
  const onHost = (host: HostNumber, argv: readonly string[], options: RunOptions = {}) =>
    finish(sshCommand(settings, host, argv), options)
  return {
    settings,
    namespace: settings.name,
    hosts: hostNumbers(hosts),
    ssh: onHost,
    must: async (host, argv, options) => mustWork(argv, await onHost(host, argv, options)),
    domus: (argv, options = {}) =>
      finish(inNamespace(settings, [process.execPath, join(repository, 'src/domus.js'), ...argv]), {
        ...options,
        env: { ...labEnvironment(settings), ...options.env },
      }),
    run: (argv, options = {}) =>
      finish(inNamespace(settings, argv), {
        ...options,
        env: { ...labEnvironment(settings), ...options.env },
      }),
    command: (argv) => inNamespace(settings, argv),
    console: (host, domain, { from } = { from: 'start' }) =>
      followProgram(
        `console of ${domain} on host ${host}`,
        sshCommand(settings, host, [
          'tail',
          '-n',
          from === 'start' ? '+1' : '0',
          '-F',
          guestConsoleLog(domain),
        ]),
      ),
    stop: () => takeDown(settings),
  }
}

/** What a program needs to know to work on the provisioning host: how ssh reaches the hosts, and its own places. */
export function labEnvironment(lab: LabSettings): Readonly<Record<string, string>> {
  return {
    DOMUS_SSH_CONFIG: sshConfigOf(lab),
    DOMUS_DATA: domusFolderOf(lab),
    DOMUS_SOCKET: join(domusFolderOf(lab), 'domus.sock'),
  }
}

async function finish(
  [file, args]: readonly [string, readonly string[]],
  { input = '', env = {}, cwd = repository, timeoutMs = COMMAND_TIMEOUT_MS }: RunOptions,
): Promise<Finished> {
  const result = await execa(file, args, { input, env, cwd, timeout: timeoutMs, reject: false })
  if (result.exitCode === undefined) throw new LabError(result.shortMessage)
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr }
}

function mustWork(argv: readonly string[], { exitCode, stdout, stderr }: Finished): string {
  if (exitCode !== 0) throw new LabError(`${argv.join(' ')}: exit code ${exitCode}\n${stderr}${stdout}`)
  return stdout
}
