import { readFile, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { type HostNumber, LAB_BRIDGE, type LabSettings, PROVISIONING_ADDRESS, tapOf } from './settings.ts'

const namespacePath = (lab: LabSettings): string => `/run/netns/${lab.name}`

export async function namespaceExists(lab: LabSettings): Promise<boolean> {
  return (await stat(namespacePath(lab)).catch(() => undefined)) !== undefined
}

/** The provisioning host's network: a bridge with its address, to which the hosts' taps are added. */
export async function makeNamespace(lab: LabSettings): Promise<void> {
  const ip = (...args: string[]) => execa('ip', ['-n', lab.name, ...args])
  await execa('ip', ['netns', 'add', lab.name])
  await ip('link', 'set', 'lo', 'up')
  await ip(
    'link',
    'add',
    LAB_BRIDGE,
    'type',
    'bridge',
    'forward_delay',
    '0',
    'stp_state',
    '0',
    'mcast_snooping',
    '0',
  )
  await ip('addr', 'add', `${PROVISIONING_ADDRESS}/24`, 'dev', LAB_BRIDGE)
  await ip('link', 'set', LAB_BRIDGE, 'up')
}

/** The cable from a Xen host to the provisioning host. */
export async function plugHost(lab: LabSettings, host: HostNumber): Promise<void> {
  const ip = (...args: string[]) => execa('ip', ['-n', lab.name, ...args])
  await ip('tuntap', 'add', 'dev', tapOf(host), 'mode', 'tap')
  await ip('link', 'set', tapOf(host), 'up', 'master', LAB_BRIDGE)
}

/** The command line that runs `argv` in the lab's network, with this machine's files. */
export function inNamespace(lab: LabSettings, argv: readonly string[]): readonly [string, readonly string[]] {
  return ['nsenter', [`--net=${namespacePath(lab)}`, '--', ...argv]]
}

/** Ends every process that lives in the lab's network, waits until they are gone, then removes the network. */
export async function removeNamespace(lab: LabSettings): Promise<void> {
  if (!(await namespaceExists(lab))) return
  await endProcesses(await namespacePids(lab), 'SIGTERM', 5_000)
  await endProcesses(await namespacePids(lab), 'SIGKILL', 5_000)
  await execa('ip', ['netns', 'del', lab.name])
}

async function endProcesses(
  pids: readonly number[],
  signal: NodeJS.Signals,
  timeoutMs: number,
): Promise<void> {
  for (const pid of pids) kill(pid, signal)
  const deadline = performance.now() + timeoutMs
  while ((await Promise.all(pids.map(isAlive))).includes(true) && performance.now() < deadline)
    await delay(20)
}

/** Without our own, should this process have been started in the lab's network. */
async function namespacePids(lab: LabSettings): Promise<readonly number[]> {
  const { stdout } = await execa('ip', ['netns', 'pids', lab.name])
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
    .filter((pid) => pid !== process.pid)
}

/** False for a process that is gone, or that only waits for its parent to ask. */
export async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const state = status.slice(status.lastIndexOf(')') + 2, status.lastIndexOf(')') + 3)
  return state !== '' && state !== 'Z' && state !== 'X'
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone between the look and the signal: just what was wanted.
  }
}
