import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buildArtefacts, type LabArtefacts } from './artefacts/lab-artefacts.ts'
import { isAlive, makeNamespace, namespaceExists, plugHost, removeNamespace } from './namespace.ts'
import { checkNeeds } from './needs.ts'
import { timed } from './progress.ts'
import { awaitHost, hostPid, startHost } from './qemu.ts'
import {
  domusFolderOf,
  type HostNumber,
  hostNumbers,
  LabError,
  type LabSettings,
  MAX_HOSTS,
} from './settings.ts'
import { writeSshConfig } from './ssh.ts'

/** Checks what the lab needs and builds what the cache does not hold. @throws LabError */
export async function prepareLab(lab: LabSettings): Promise<LabArtefacts> {
  await checkNeeds(lab)
  return buildArtefacts(lab)
}

/**
 * Boots hosts, side by side, each on disks as they were built; waits until all are ready.
 *
 * Hosts that run already are left alone. When one does not come up, or `signal` says so, everything is taken down
 * again.
 */
export async function bringUp(
  lab: LabSettings,
  hostCount: number,
  artefacts: LabArtefacts,
  signal = new AbortController().signal,
): Promise<void> {
  try {
    await mkdir(domusFolderOf(lab), { recursive: true, mode: 0o700 })
    await writeFile(ownerFileOf(lab), `${process.pid}`)
    await writeSshConfig(lab, artefacts)
    if (!(await namespaceExists(lab))) await makeNamespace(lab)
    const running = await runningHosts(lab)
    const starting = hostNumbers(hostCount).filter((host) => !running.includes(host))
    await allDone(starting.map((host) => bootHost(lab, host, artefacts, signal)))
  } catch (cause) {
    await takeDown(lab)
    throw cause
  }
}

/** Waits for all, also when one has failed: nothing may be started any more while the lab is taken down. */
async function allDone(work: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(work)
  await Promise.all(work)
}

async function bootHost(
  lab: LabSettings,
  host: HostNumber,
  artefacts: LabArtefacts,
  signal: AbortSignal,
): Promise<void> {
  await timed(`host ${host}: boot`, async () => {
    await plugHost(lab, host)
    await startHost(lab, host, artefacts)
    await awaitHost(lab, host, signal)
    signal.throwIfAborted()
  })
}

/** Ends the hosts and everything else that runs in the lab's network; leaves nothing but the cache. */
export async function takeDown(lab: LabSettings): Promise<void> {
  await removeNamespace(lab)
  await rm(lab.runFolder, { recursive: true, force: true })
  await rmdir(dirname(lab.runFolder)).catch(() => undefined) // another lab lives there, or nothing did
}

export async function runningHosts(lab: LabSettings): Promise<readonly HostNumber[]> {
  const hosts = hostNumbers(MAX_HOSTS)
  const pids = await Promise.all(hosts.map((host) => hostPid(lab, host)))
  return hosts.filter((_, i) => pids[i] !== undefined)
}

/** @throws LabError when the host is not up, with the command that brings it up */
export async function requireHost(lab: LabSettings, host: HostNumber): Promise<void> {
  if ((await runningHosts(lab)).includes(host)) return
  throw new LabError(`host ${host} of lab ${lab.name} is not up: npm run lab -- up --hosts ${host}`)
}

/** Takes down what an earlier process left behind. @throws LabError when that process still lives */
export async function takeDownAbandoned(lab: LabSettings): Promise<void> {
  const owner = Number(await readFile(ownerFileOf(lab), 'utf8').catch(() => ''))
  if (owner > 0 && owner !== process.pid && (await isAlive(owner))) {
    throw new LabError(
      `lab ${lab.name} is in use by process ${owner}; DOMUS_LAB_NAME gives another one its name`,
    )
  }
  await takeDown(lab)
}

/** Names the process that brought the lab up. */
const ownerFileOf = (lab: LabSettings): string => join(lab.runFolder, 'owner')
