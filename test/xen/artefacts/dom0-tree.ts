import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { execa } from 'execa'
import { LabError } from '../settings.ts'
import { debianSources } from './apt-sources.ts'
import type { Artefact } from './artefact.ts'

export const RELEASE = 'bookworm'

const PACKAGES = [
  'xen-hypervisor-4.17-amd64',
  'xen-utils-4.17',
  'xenstore-utils',
  'openssh-server',
  'openssh-client',
  'iproute2',
  'bridge-utils',
  'iputils-ping',
  'nfs-kernel-server',
  'nfs-common',
  'rpcbind',
  'busybox-static',
  'mount',
  'procps',
  'netbase',
  'kmod',
  'udev',
  'e2fsprogs',
]

/** What nobody reads in a host that lives for minutes. */
const LEFT_OUT = [
  '/usr/share/doc/*',
  '/usr/share/man/*',
  '/usr/share/locale/*',
  '/usr/share/info/*',
  '/usr/share/lintian/*',
]

/** Apt settings of this machine that reaching its repositories may depend on. */
const APT_SETTINGS = /^Acquire::(https?::Proxy|Retries|Check-Valid-Until|Check-Date)\b/

/** dom0.tar, a Debian with Xen from the machine's own repositories, and `xen`, the hypervisor as QEMU loads it. */
export function dom0Tree(): Artefact {
  return {
    name: 'dom0-tree',
    title: 'dom0 tree',
    minutes: 2,
    inputs: { release: RELEASE, packages: PACKAGES.join(' '), leftOut: LEFT_OUT.join(' '), recipe: '1' },
    build: async (folder, run) => {
      const sources = join(folder, 'sources.list')
      const tar = join(folder, 'dom0.tar')
      await writeFile(sources, `${(await machineSources()).join('\n')}\n`)
      await run('mmdebstrap', [
        '--mode=root',
        '--variant=essential',
        `--include=${PACKAGES.join(',')}`,
        ...(await aptSettings()).map((setting) => `--aptopt=${setting}`),
        ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
        RELEASE,
        tar,
        sources,
      ])
      const packed = await execa('tar', ['xOf', tar, './boot/xen-4.17-amd64.gz'], { encoding: 'buffer' })
      await writeFile(join(folder, 'xen'), gunzipSync(packed.stdout)) // a multiboot loader does not unpack
    },
  }
}

export async function machineSources(): Promise<readonly string[]> {
  const parts = (await readdir('/etc/apt/sources.list.d').catch(() => []))
    .filter((name) => /\.(list|sources)$/.test(name))
    .map((name) => `/etc/apt/sources.list.d/${name}`)
  const files = await Promise.all(
    ['/etc/apt/sources.list', ...parts].map(async (path) => ({
      path,
      text: await readFile(path, 'utf8').catch(() => ''),
    })),
  )
  const sources = debianSources(files, RELEASE)
  if (sources.length === 0)
    throw new LabError(`/etc/apt names no repository of Debian ${RELEASE}, which dom0 is made from`)
  return sources
}

export async function aptSettings(): Promise<readonly string[]> {
  const { stdout } = await execa('apt-config', ['dump'])
  const own = stdout.split('\n').filter((line) => APT_SETTINGS.test(line))
  return ['APT::Install-Recommends "false";', 'Acquire::Languages "none";', ...own]
}
