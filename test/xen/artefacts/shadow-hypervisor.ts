import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { execa } from 'execa'
import { LabError } from '../settings.ts'
import type { Artefact, Run } from './artefact.ts'
import { aptSettings, machineSources, RELEASE } from './dom0-tree.ts'
import { formatConfig, parseConfig } from './kconfig.ts'

const CONFIG_FILE = './boot/xen-4.17-amd64.config'

/** What building it takes beyond what the lab itself needs. */
export const SHADOW_PACKAGES = ['dpkg-dev', 'patch', 'python3'] as const

/**
 * `xen`, Debian's hypervisor built again with shadow paging, without which no PV guest can be migrated live.
 *
 * Everything else, and the tools in dom0, stay Debian's. The source is that of the release itself: the security
 * archive does not always keep the source of its newest version.
 */
export function shadowHypervisor(dom0TreeFolder: string): Artefact {
  return {
    name: 'shadow-hypervisor',
    title: 'hypervisor with shadow paging',
    minutes: 3,
    inputs: { madeOf: basename(dom0TreeFolder), release: RELEASE, recipe: '1' },
    build: async (folder, run) => {
      const source = join(folder, 'source')
      await mkdir(source)
      await fetchSource(source, run)
      const tree = await unpackedTree(source)
      const config = await execa('tar', ['xOf', join(dom0TreeFolder, 'dom0.tar'), CONFIG_FILE])
      await writeFile(join(tree, 'xen/.config'), withShadowPaging(config.stdout))
      const make = (...args: string[]) => run('make', ['-s', '-C', join(tree, 'xen'), ...args])
      await make('olddefconfig')
      await refuseDropped(join(tree, 'xen/.config'))
      await make(`-j${availableParallelism()}`, 'build', 'debug=n')
      await writeFile(join(folder, 'xen'), gunzipSync(await readFile(join(tree, 'xen/xen.gz'))))
      await rm(source, { recursive: true })
    },
  }
}

/** By apt, with lists and caches of its own: this machine's apt need not know sources. */
async function fetchSource(folder: string, run: Run): Promise<void> {
  for (const name of ['lists/partial', 'cache/archives/partial'])
    await mkdir(join(folder, 'apt', name), { recursive: true })
  const list = join(folder, 'apt/sources.list')
  await writeFile(list, (await sourceEntries()).map((line) => `${line}\n`).join(''))
  const settings = [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${join(folder, 'apt/lists')}`,
    `Dir::Cache=${join(folder, 'apt/cache')}`,
    'APT::Sandbox::User=root',
    ...(await aptSettings()).map((setting) => setting.replace(/ "(.*)";$/, '=$1')),
  ].flatMap((setting) => ['-o', setting])
  await run('apt-get', [...settings, 'update'])
  await run('apt-get', [...settings, 'source', 'xen'], { cwd: folder })
}

async function sourceEntries(): Promise<readonly string[]> {
  const suite = new RegExp(`^deb (.*\\s)?${RELEASE} `)
  return (await machineSources())
    .filter((line) => suite.test(line))
    .map((line) => line.replace(/^deb/, 'deb-src'))
}

async function unpackedTree(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true })
  const tree = entries.find((entry) => entry.isDirectory() && entry.name.startsWith('xen-'))
  if (tree === undefined) throw new LabError(`apt-get source xen left no xen-… in ${folder}`)
  return join(folder, tree.name)
}

const withShadowPaging = (config: string): string =>
  formatConfig(new Map([...parseConfig(config), ['SHADOW_PAGING', 'y']]))

async function refuseDropped(path: string): Promise<void> {
  const made = parseConfig(await readFile(path, 'utf8')).get('SHADOW_PAGING')
  if (made !== 'y') throw new LabError('kconfig did not give the hypervisor shadow paging')
}
