import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { LabError, type LabSettings, repository } from '../settings.ts'
import type { Artefact, Run } from './artefact.ts'
import { droppedSymbols, formatConfig, parseConfig } from './kconfig.ts'

export const LINUX_SOURCE = 'linux-source-6.1'

/** The project's own fragments, all that an x86-64 guest is made of; `domus kernel fragment` gives the same. */
const GUEST_FRAGMENTS = [
  '00-base',
  '05-selfdescribing',
  '10-nfsroot',
  '11-addr-dhcp',
  '12-addr-bootp',
  '15-nfsv4',
  '20-xen-domu',
  '21-xen-pv',
  '22-xen-pvh',
  '30-migration',
  '50-userland-systemd',
].map((name) => join(repository, `kernel-configs/fragments/${name}.config`))

const DOM0_ADDITIONS = join(repository, 'test/xen/dom0.config')

/** bzImage and config of the guests' kernel, made of the project's fragments and nothing else. */
export async function guestKernel(lab: LabSettings): Promise<Artefact> {
  return kernelArtefact(lab, {
    name: 'guest-kernel',
    title: 'guest kernel',
    minutes: 5,
    fragments: GUEST_FRAGMENTS,
  })
}

/** bzImage and config of dom0's kernel: the guest's, and what a host needs. */
export async function dom0Kernel(lab: LabSettings): Promise<Artefact> {
  const fragments = [...GUEST_FRAGMENTS, DOM0_ADDITIONS]
  return kernelArtefact(lab, { name: 'dom0-kernel', title: 'dom0 kernel', minutes: 7, fragments })
}

/** Throws away the unpacked source (1.3 GB), which only builds need. */
export async function forgetSource(lab: LabSettings): Promise<void> {
  await rm(await sourceFolder(lab), { recursive: true, force: true })
}

export interface KernelRecipe {
  readonly name: string
  readonly title: string
  readonly minutes: number
  readonly fragments: readonly string[]
}

/** bzImage and config of a kernel made of fragments alone, on allnoconfig. */
export async function kernelArtefact(lab: LabSettings, recipe: KernelRecipe): Promise<Artefact> {
  const texts = await Promise.all(recipe.fragments.map((path) => readFile(path, 'utf8')))
  const requested = formatConfig(parseConfig(...texts)) // a changed comment is no reason to build again
  return {
    name: recipe.name,
    title: recipe.title,
    minutes: recipe.minutes,
    inputs: { source: await sourceVersion(), requested, base: 'allnoconfig', recipe: '1' },
    build: async (folder, run) => buildKernel(await unpackSource(lab, run), requested, folder, run),
  }
}

async function buildKernel(source: string, requested: string, folder: string, run: Run): Promise<void> {
  const objects = join(folder, 'objects')
  const request = join(folder, 'requested.config')
  await mkdir(objects)
  await writeFile(request, requested)
  const make = (target: string, env: Record<string, string> = {}) =>
    run('make', ['-s', `O=${objects}`, `-j${availableParallelism()}`, target], {
      cwd: source,
      env: { KBUILD_BUILD_USER: 'domus', KBUILD_BUILD_HOST: 'lab', ...env },
    })
  await make('allnoconfig', { KCONFIG_ALLCONFIG: request })
  await refuseDropped(requested, join(objects, '.config'))
  await make('bzImage')
  await copyFile(join(objects, 'arch/x86/boot/bzImage'), join(folder, 'bzImage'))
  await copyFile(join(objects, '.config'), join(folder, 'config'))
  await rm(objects, { recursive: true })
}

async function refuseDropped(requested: string, resultPath: string): Promise<void> {
  const dropped = droppedSymbols(parseConfig(requested), parseConfig(await readFile(resultPath, 'utf8')))
  if (dropped.length > 0)
    throw new LabError(`kconfig did not do as the fragments ask:\n${dropped.join('\n')}`)
}

async function unpackSource(lab: LabSettings, run: Run): Promise<string> {
  const folder = await sourceFolder(lab)
  if (await stat(folder).catch(() => undefined)) return folder
  const unfinished = `${folder}.part-${process.pid}`
  await mkdir(unfinished, { recursive: true })
  await run('tar', ['xf', `/usr/src/${LINUX_SOURCE}.tar.xz`, '-C', unfinished, '--strip-components=1'])
  await run('mv', ['-T', unfinished, folder])
  return folder
}

async function sourceFolder(lab: LabSettings): Promise<string> {
  return join(lab.cacheFolder, `source-${await sourceVersion()}`)
}

async function sourceVersion(): Promise<string> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own notation
  const { stdout } = await execa('dpkg-query', ['-W', '-f', '${Version}', LINUX_SOURCE])
  return stdout
}
