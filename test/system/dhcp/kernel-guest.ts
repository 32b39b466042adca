import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { composeCmdline } from '../../../src/boot/cmdline.ts'
import type { Guest } from '../../../src/model/inventory.ts'
import { ensureArtefact } from '../../xen/artefacts/artefact.ts'
import { kernelWorkshop } from '../../xen/artefacts/kernel-workshop.ts'
import { kernelArtefact } from '../../xen/artefacts/kernels.ts'
import { labSettings, repository } from '../../xen/settings.ts'
import type { Lan } from './lan.ts'
import { type Program, run } from './programs.ts'

const FRAGMENTS = ['00-base', '10-nfsroot', '11-addr-dhcp', '12-addr-bootp'].map((name) =>
  join(repository, `kernel-configs/fragments/${name}.config`),
)

/** A kernel that configures its card by itself, of the project's own fragments; from the cache when it is there. */
export async function buildKernel(): Promise<string> {
  const lab = labSettings()
  const settings = { ...lab, cacheFolder: join(lab.cacheFolder, '..', 'dhcp') }
  await mkdir(settings.cacheFolder, { recursive: true })
  const recipe = {
    name: 'dhcp-kernel',
    title: 'kernel for DHCP',
    minutes: 4,
    fragments: [...FRAGMENTS, join(import.meta.dirname, 'kernel.config')],
  }
  const workshop = kernelWorkshop(settings)
  const folder = await ensureArtefact(settings, await kernelArtefact(workshop, recipe))
  await workshop.close()
  return join(folder, 'bzImage')
}

/** What the kernel says it configured: `IP-Config: Complete`. */
export interface Configured {
  readonly ipaddr: string
  readonly mask: string
  readonly gw: string
  readonly host: string
  readonly bootserver: string
  readonly rootserver: string
  readonly rootpath: string
}

let taps = 0

/** Boots the kernel on a bridge of the host, with the command line domus gives this guest; its console is what the program writes. */
export function bootKernel(lan: Lan, kernel: string, bridge: string, guest: Guest): Program {
  const tap = `dmt${++taps}`
  run('ip', '-n', lan.host, 'tuntap', 'add', tap, 'mode', 'tap')
  run('ip', '-n', lan.host, 'link', 'set', tap, 'master', bridge, 'up')
  const machine = [
    'qemu-system-x86_64',
    '-nographic',
    '-nodefaults',
    '-serial',
    'stdio',
    '-m',
    '128',
    '-no-reboot',
  ]
  const card = [
    '-netdev',
    `tap,id=n0,ifname=${tap},script=no,downscript=no`,
    '-device',
    `virtio-net-pci,netdev=n0,mac=${guest.domain.mac},romfile=`,
  ]
  const append = `${composeCmdline(guest)} console=ttyS0 panic=1`
  return lan.start(lan.host, ...machine, ...card, '-kernel', kernel, '-append', append)
}

/** Waits until the kernel has an address; at most `seconds`. */
export async function configured(program: Program, seconds: number): Promise<Configured> {
  const text = await program.said(/IP-Config: Complete:.*?rootpath=[^\n]*\n/s, seconds * 1000)
  const value = (name: string) => new RegExp(`\\b${name}=([^,\\s]*)`).exec(text[0])?.[1] ?? ''
  return {
    ipaddr: value('ipaddr'),
    mask: value('mask'),
    gw: value('gw'),
    host: value('host'),
    bootserver: value('bootserver'),
    rootserver: value('rootserver'),
    rootpath: value('rootpath'),
  }
}
