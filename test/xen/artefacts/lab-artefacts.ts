import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { LabSettings } from '../settings.ts'
import { type Artefact, ensureArtefact, folderOf, forgetUnfinished } from './artefact.ts'
import { dom0Disk, srvDisk } from './disks.ts'
import { dom0Tree } from './dom0-tree.ts'
import { type KernelWorkshop, kernelWorkshop } from './kernel-workshop.ts'
import { dom0Kernel, guestKernel } from './kernels.ts'
import { shadowHypervisor } from './shadow-hypervisor.ts'

/** Paths of everything that QEMU and ssh are given. */
export interface LabArtefacts {
  readonly hypervisor: string
  readonly dom0Kernel: string
  readonly dom0Disk: string
  readonly srvDisk: string
  readonly sshKey: string
  readonly knownHosts: string
}

interface Parts {
  readonly guestKernel: Artefact
  readonly dom0Kernel: Artefact
  readonly dom0Tree: Artefact
  readonly dom0Disk: Artefact
  readonly srvDisk: Artefact
}

/** All five, in the order in which they are built; what is in the cache is not built again. */
export async function labArtefacts(lab: LabSettings, workshop = kernelWorkshop(lab)): Promise<Parts> {
  const parts = {
    guestKernel: await guestKernel(workshop),
    dom0Kernel: await dom0Kernel(workshop),
    dom0Tree: dom0Tree(),
  }
  const folders = {
    guestKernel: folderOf(lab, parts.guestKernel),
    dom0Kernel: folderOf(lab, parts.dom0Kernel),
    dom0Tree: folderOf(lab, parts.dom0Tree),
  }
  return { ...parts, dom0Disk: await dom0Disk(folders), srvDisk: await srvDisk(folders.dom0Tree) }
}

/** Builds what the cache does not hold. The dom0 tree, mostly downloading, comes beside the kernels. */
export async function buildArtefacts(lab: LabSettings): Promise<LabArtefacts> {
  await mkdir(lab.cacheFolder, { recursive: true })
  await forgetUnfinished(lab)
  const workshop = kernelWorkshop(lab)
  const parts = await labArtefacts(lab, workshop)
  await Promise.all([ensureArtefact(lab, parts.dom0Tree), buildKernels(lab, parts, workshop)])
  const dom0 = await ensureArtefact(lab, parts.dom0Disk)
  const srv = await ensureArtefact(lab, parts.srvDisk)
  return {
    hypervisor: join(folderOf(lab, parts.dom0Tree), 'xen'),
    dom0Kernel: join(folderOf(lab, parts.dom0Kernel), 'bzImage'),
    dom0Disk: join(dom0, 'disk.img'),
    srvDisk: join(srv, 'disk.img'),
    sshKey: join(dom0, 'id_ed25519'),
    knownHosts: join(dom0, 'known_hosts'),
  }
}

async function buildKernels(lab: LabSettings, parts: Parts, workshop: KernelWorkshop): Promise<void> {
  try {
    await ensureArtefact(lab, parts.dom0Kernel) // first: a fragment that kconfig drops shows at once
    await ensureArtefact(lab, parts.guestKernel)
  } finally {
    await workshop.close()
  }
}

/** Path of the hypervisor with shadow paging, which only some tests ask for; built if the cache has none. */
export async function ensureShadowHypervisor(lab: LabSettings): Promise<string> {
  const { dom0Tree } = await labArtefacts(lab)
  return join(await ensureArtefact(lab, shadowHypervisor(folderOf(lab, dom0Tree))), 'xen')
}
