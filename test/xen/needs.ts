import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { execa } from 'execa'
import { isBuilt } from './artefacts/artefact.ts'
import { LINUX_SOURCE } from './artefacts/kernel-workshop.ts'
import { labArtefacts } from './artefacts/lab-artefacts.ts'
import { say } from './progress.ts'
import { LabError, type LabSettings } from './settings.ts'

/** Debian 12 packages; test/system/setup.sh installs them too. */
export const LAB_PACKAGES = [
  LINUX_SOURCE,
  'gcc',
  'make',
  'bc',
  'bison',
  'flex',
  'libelf-dev',
  'libssl-dev',
  'xz-utils',
  'mmdebstrap',
  'e2fsprogs',
  'qemu-system-x86',
  'openssh-client',
  'iproute2',
  'util-linux',
] as const

const BUILD_DISK_GIB = 4 // kernel source and objects 1.6, trees and images 1.2, reserve
const RUN_DISK_GIB = 1 // what the hosts write on their throw-away disks

/** Says what the lab needs, before anything begins. */
export function sayNeeds(): void {
  say('needs root, Debian 12 packages, 4 GiB of disk to build (1 GiB kept), 1.5 GiB of memory per host;')
  say('the first build takes about 20 minutes on two cores and downloads Debian packages; after that, a boot')
}

/** @throws LabError naming everything that is missing, with the command that installs it */
export async function checkNeeds(lab: LabSettings): Promise<void> {
  const problems = [...(await packageProblems()), ...rootProblems()]
  if (problems.length > 0) throw new LabError(problems.join('\n'))
  await checkDisk(lab)
}

function rootProblems(): readonly string[] {
  return process.getuid?.() === 0
    ? []
    : ['must run as root: it makes a network namespace with taps, and file systems']
}

async function packageProblems(): Promise<readonly string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own notation
  const format = '${Package} ${db:Status-Status}\\n'
  const { stdout } = await execa('dpkg-query', ['-W', '-f', format, ...LAB_PACKAGES], {
    reject: false,
  }).catch(() => {
    throw new LabError('the lab is made of Debian packages; there is no dpkg-query here')
  })
  const installed = new Set(
    `${stdout}`.split('\n').flatMap((line) => /^(\S+) installed$/.exec(line)?.[1] ?? []),
  )
  const missing = LAB_PACKAGES.filter((name) => !installed.has(name))
  if (missing.length === 0) return []
  return [`missing packages; install them with: apt-get install --no-install-recommends ${missing.join(' ')}`]
}

async function checkDisk(lab: LabSettings): Promise<void> {
  const parts = Object.values(await labArtefacts(lab))
  const built = await Promise.all(parts.map((part) => isBuilt(lab, part)))
  const missing = parts.filter((_, i) => built[i] === false)
  if (missing.length > 0)
    say(`to build: ${missing.map(({ title, minutes }) => `${title} (~${minutes} min)`).join(', ')}`)
  const wantedGiB = missing.length > 0 ? BUILD_DISK_GIB : RUN_DISK_GIB
  const freeGiB = await freeSpaceGiB(lab.cacheFolder)
  if (freeGiB < wantedGiB) {
    throw new LabError(
      `${lab.cacheFolder} has ${freeGiB.toFixed(1)} GiB free, ${wantedGiB} are needed; DOMUS_LAB_CACHE moves it`,
    )
  }
}

/** Of the file system on which `folder` is, or will be made. */
async function freeSpaceGiB(folder: string): Promise<number> {
  const found = await statfs(folder).catch(() => undefined)
  if (found === undefined) return folder === '/' ? 0 : freeSpaceGiB(dirname(folder))
  return (found.bavail * found.bsize) / 2 ** 30
}
