import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { LabError, repository } from '../settings.ts'
import type { Artefact, Run } from './artefact.ts'
import { droppedSymbols, formatConfig, parseConfig } from './kconfig.ts'
import { type KernelWorkshop, sourceVersion } from './kernel-workshop.ts'

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
export async function guestKernel(workshop: KernelWorkshop): Promise<Artefact> {
  return kernelArtefact(workshop, {
    name: 'guest-kernel',
    title: 'guest kernel',
    minutes: 8,
    fragments: GUEST_FRAGMENTS,
  })
}

/** bzImage and config of dom0's kernel: the guest's, and what a host needs. */
export async function dom0Kernel(workshop: KernelWorkshop): Promise<Artefact> {
  const fragments = [...GUEST_FRAGMENTS, DOM0_ADDITIONS]
  return kernelArtefact(workshop, { name: 'dom0-kernel', title: 'dom0 kernel', minutes: 10, fragments })
}

/** The guests' kernel with lines of a configuration changed: `changes` is a fragment's text. */
export async function changedGuestKernel(
  workshop: KernelWorkshop,
  name: string,
  changes: string,
): Promise<Artefact> {
  const recipe = { name: `guest-kernel-${name}`, title: `guest kernel ${name}`, minutes: 2 }
  return kernelArtefact(workshop, { ...recipe, fragments: GUEST_FRAGMENTS, changes })
}

export interface KernelRecipe {
  readonly name: string
  readonly title: string
  readonly minutes: number
  /** Paths of fragments, and text that counts after them. */
  readonly fragments: readonly string[]
  readonly changes?: string
}

/** bzImage and config of a kernel made of fragments alone, on allnoconfig. */
export async function kernelArtefact(workshop: KernelWorkshop, recipe: KernelRecipe): Promise<Artefact> {
  const texts = await Promise.all(recipe.fragments.map((path) => readFile(path, 'utf8')))
  const requested = formatConfig(parseConfig(...texts, recipe.changes ?? '')) // comments make no other kernel
  return {
    name: recipe.name,
    title: recipe.title,
    minutes: recipe.minutes,
    inputs: { source: await sourceVersion(), requested, base: 'allnoconfig', recipe: '1' },
    build: async (folder, run) => buildKernel(await workshop.open(run), requested, folder, run),
  }
}

async function buildKernel(
  { source, objects }: { readonly source: string; readonly objects: string },
  requested: string,
  folder: string,
  run: Run,
): Promise<void> {
  const request = join(folder, 'requested.config')
  await writeFile(request, requested)
  const make = (target: string, env: Record<string, string> = {}) =>
    run('make', ['-s', `O=${objects}`, `-j${availableParallelism()}`, target], {
      cwd: source,
      env: { KBUILD_BUILD_USER: 'domus', KBUILD_BUILD_HOST: 'lab', KBUILD_BUILD_VERSION: '1', ...env },
    })
  await make('allnoconfig', { KCONFIG_ALLCONFIG: request })
  await refuseDropped(requested, join(objects, '.config'))
  await make('bzImage')
  await copyFile(join(objects, 'arch/x86/boot/bzImage'), join(folder, 'bzImage'))
  await copyFile(join(objects, '.config'), join(folder, 'config'))
}

async function refuseDropped(requested: string, resultPath: string): Promise<void> {
  const dropped = droppedSymbols(parseConfig(requested), parseConfig(await readFile(resultPath, 'utf8')))
  if (dropped.length > 0)
    throw new LabError(`kconfig did not do as the fragments ask:\n${dropped.join('\n')}`)
}
