import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { composeCmdline } from '../../src/boot/cmdline.ts'
import { rootDialect } from '../../src/kernel/dialect.ts'
import type { KernelVerdict, Verdict } from '../../src/kernel/verdict.ts'
import type { Guest } from '../../src/model/inventory.ts'
import { quoteXl } from '../../src/xl/quote.ts'
import { guestFrom } from '../builders/site.ts'
import {
  ensureGuestKernels,
  type GuestKernelName,
  guestKernelNames,
  type InstalledKernel,
  installGuestKernel,
} from './artefacts/guest-kernels.ts'
import { consoleOfGuest, PATIENCE_MS } from './create-guest.ts'
import { type Responder, startResponder } from './dhcp-responder.ts'
import { LabError } from './settings.ts'
import { type Lab, startLab } from './start-lab.ts'

// What `domus kernel check` says of a kernel on a host is what a guest with that kernel does, on a real Xen: one that
// it says can mounts its root, and one that it says cannot shows the text that the first finding foretells.

interface Case {
  readonly what: string
  readonly kernel: GuestKernelName | 'nfsroot' | 'plain'
  readonly type?: 'pv' | 'pvh'
  readonly boot?: 'static' | 'dhcp'
  readonly nfs?: '3' | '4.1' | '4.2'
  /** Leaves the initrd of the kernel away. */
  readonly alone?: true
  readonly verdict: Verdict
  /** The version a root is mounted with. */
  readonly mounts?: string
  /** Text of a finding's symptom, seen on the console. */
  readonly shows?: string
  /** What is not on the console in any line. */
  readonly hides?: string
}

const cases: readonly Case[] = [
  { what: 'our own kernel as PV', kernel: 'nfsroot', type: 'pv', verdict: 'in-kernel', mounts: '3' },
  { what: 'our own kernel by DHCP', kernel: 'nfsroot', boot: 'dhcp', verdict: 'in-kernel', mounts: '3' },
  { what: 'our own kernel by NFS 4.2', kernel: 'nfsroot', nfs: '4.2', verdict: 'in-kernel', mounts: '4.2' },
  {
    what: 'a kernel without DHCP that is told its address',
    kernel: 'no-dhcp',
    verdict: 'in-kernel',
    mounts: '3',
  },
  {
    what: 'a kernel without DHCP that is to ask for its address',
    kernel: 'no-dhcp',
    boot: 'dhcp',
    verdict: 'no',
    shows: 'Root-NFS: no NFS server address',
    hides: 'IP-Config',
  },
  {
    what: 'a kernel without NFS 3',
    kernel: 'no-nfs3',
    verdict: 'no',
    shows: 'VFS: Unable to mount root fs via NFS.',
  },
  {
    what: 'a kernel without NFS 3 by NFS 4.1',
    kernel: 'no-nfs3',
    nfs: '4.1',
    verdict: 'in-kernel',
    mounts: '4.1',
  },
  {
    what: 'the kernel of Debian with an initramfs without NFS',
    kernel: 'debian-without-nfs',
    verdict: 'no',
    shows: 'Network device did not appear in time',
  },
  {
    what: 'a kernel with its network card as a module',
    kernel: 'netfront-module',
    verdict: 'no',
    shows: 'VFS: Unable to mount root fs via NFS.',
    hides: 'IP-Config',
  },
  {
    what: 'the kernel of Debian without its initramfs',
    kernel: 'debian',
    alone: true,
    verdict: 'initramfs',
    shows: 'will be passed to user space.',
  },
  {
    what: 'a kernel of Xen without the root over NFS',
    kernel: 'plain',
    verdict: 'no',
    shows: 'will be passed to user space.',
  },
  { what: 'the kernel of Debian with its initramfs', kernel: 'debian', verdict: 'initramfs', mounts: '3' },
  {
    what: 'the kernel of Debian with the initramfs of dracut, by NFS 4.2',
    kernel: 'debian-dracut',
    nfs: '4.2',
    verdict: 'initramfs',
    mounts: '4.2',
  },
]

const IMAGE = '/srv/xen/images/base'
const HOST = 'ssh://root@10.77.0.1'
const numbered = cases.map((one, index) => ({ ...one, index, address: `10.77.0.${160 + index}` }))
type Numbered = (typeof numbered)[number]

describe.runIf(process.env.DOMUS_XEN_ALL === '1')('a verdict on a kernel', () => {
  let lab: Lab
  let responder: Responder
  const kernels = new Map<string, InstalledKernel>([
    ['nfsroot', { path: '/boot/vmlinuz-nfsroot' }],
    ['plain', { path: '/boot/vmlinuz-plain' }],
  ])

  beforeAll(async () => {
    lab = await startLab({ hosts: 1 })
    await ensureGuestKernels(lab.settings)
    for (const name of guestKernelNames) kernels.set(name, await installGuestKernel(lab.settings, 1, name))
    await lab.must(1, ['exportfs', '-i', '-o', 'ro,no_root_squash,no_subtree_check', `10.77.0.0/24:${IMAGE}`])
    responder = await startResponder(lab, answers())
  }, 3_600_000) // as long as it takes to build the kernels
  afterAll(async () => {
    await responder.stop()
    await lab.stop()
  })

  test.each(inGroups(numbered, AT_ONCE))(
    'holds for $label',
    async ({ group }) => {
      const seen = await Promise.all(group.map((one) => look(lab, one, kernels.get(one.kernel))))
      expect(seen).toEqual(group.map(wanted))
    },
    8 * PATIENCE_MS,
  )
})

const AT_ONCE = 2 // guests; the host has two processors, and memory for one of 400 MiB beside a small one

function inGroups(all: readonly Numbered[], size: number): { label: string; group: Numbered[] }[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => {
    const group = all.slice(index * size, (index + 1) * size)
    return { label: group.map(({ what }) => what).join('; '), group }
  })
}

/** What is said of a kernel, and what a guest with it does. */
interface Sight {
  readonly what: string
  readonly verdict: Verdict
  /** The version its root is mounted with, by its own word. */
  readonly mounted: string | undefined
  /** Whether the symptom of the first finding that closes the way is seen. */
  readonly isForetold: boolean
  /** What was to be in no line, and is in one. */
  readonly unexpected: string | undefined
}

const wanted = ({ what, verdict, mounts }: Numbered): Sight => ({
  what,
  verdict,
  mounted: mounts,
  isForetold: true,
  unexpected: undefined,
})

async function look(lab: Lab, one: Numbered, installed: InstalledKernel | undefined): Promise<Sight> {
  if (installed === undefined) throw new LabError(`no kernel ${one.kernel} on the host`)
  const kernel: InstalledKernel = one.alone ? { path: installed.path } : installed
  const verdict = await check(lab, kernel, one)
  const text = await consoleOf(lab, one, kernel, verdict)
  const { shows, hides } = one
  const way = kernel.initrd === undefined ? 'in-kernel' : 'initramfs'
  const first = verdict.findings.find(
    ({ severity, neededFor }) => severity === 'error' && neededFor.includes(way),
  )
  return {
    what: one.what,
    verdict: verdict.verdict,
    mounted: /DOMUS-GUEST root=\S+ \/ nfs4? \S*?vers=([\d.]+)/.exec(text)?.[1],
    isForetold: shows === undefined || (first?.symptom.includes(shows) === true && text.includes(shows)),
    unexpected: hides !== undefined && text.includes(hides) ? hides : undefined,
  }
}

/** As a user asks for it, of the files on the host. */
async function check(lab: Lab, { path, initrd }: InstalledKernel, one: Numbered): Promise<KernelVerdict> {
  const { type, boot, nfs } = settled(one)
  const argv = [
    'kernel',
    'check',
    path,
    '--host',
    HOST,
    '--type',
    type,
    '--boot',
    boot,
    '--nfs',
    nfs,
    '--json',
  ]
  const { exitCode, stdout, stderr } = await lab.domus(
    [...argv, ...(initrd === undefined ? [] : ['--initrd', initrd])],
    { timeoutMs: PATIENCE_MS }, // an initramfs of 30 MB takes minutes out of an emulated host
  )
  if (exitCode !== 0 && exitCode !== 3) throw new LabError(`kernel check ${path}: ${stderr}${stdout}`)
  return JSON.parse(stdout)
}

/** Boots a guest with it, on the command line that domus composes, until it has mounted its root or given up. */
function consoleOf(
  lab: Lab,
  one: Numbered,
  kernel: InstalledKernel,
  verdict: KernelVerdict,
): Promise<string> {
  const name = `verdict${one.index}`
  const config = configOf(name, one, kernel, verdict)
  return consoleOfGuest(lab, name, config, /DOMUS-GUEST ready|Kernel panic|did not appear in time/)
}

function configOf(name: string, one: Numbered, { path, initrd }: InstalledKernel, verdict: KernelVerdict) {
  const dialect = rootDialect(verdict)
  const guest = guestOf(name, one, {
    path,
    ...(initrd !== undefined && { initrd }),
    ...(dialect !== undefined && dialect !== 'kernel' && { initramfs: dialect }),
  })
  return [
    `name = "${name}"`,
    `type = "${guest.kernel.type}"`,
    `kernel = "${path}"`,
    ...(initrd === undefined ? [] : [`ramdisk = "${initrd}"`]),
    `memory = ${guest.domain.memoryMiB}`,
    `vif = [ "mac=${guest.domain.mac},bridge=xenbr0" ]`,
    `cmdline = ${quoteXl(composeCmdline(guest))}`,
    'on_reboot = "destroy"',
    'on_crash = "destroy"',
    '',
  ].join('\n')
}

function guestOf(name: string, one: Numbered, kernel: object): Guest {
  const { type, boot, nfs } = settled(one)
  return guestFrom({
    site: 'lab',
    networks: [{ name: 'lan', cidr: '10.77.0.0/24', bridge: 'xenbr0', dhcpServer: '10.77.0.100' }],
    servers: [{ name: 'filer', address: '10.77.0.1' }],
    images: [{ name: 'base', server: 'filer', path: IMAGE, sharing: 'shared' }],
    kernels: [{ name: 'kernel', type, ...kernel }],
    hosts: [{ name: 'xen1', machine: HOST }],
    domains: [
      {
        name,
        image: 'base',
        kernel: 'kernel',
        memoryMiB: MEMORY_MIB[one.kernel] ?? 64,
        address: one.address,
        mac: macOf(one),
        boot,
        nfsVersion: nfs,
        cmdlineExtra: 'panic=1',
      },
    ],
  })
}

const MEMORY_MIB: Readonly<Record<string, number>> = {
  debian: 256,
  'debian-without-nfs': 256,
  'debian-dracut': 400,
}

const settled = ({ type = 'pvh', boot = 'static', nfs = '3' }: Case) => ({ type, boot, nfs })

const macOf = ({ index }: Numbered) => `00:16:3e:77:03:${(index + 16).toString(16)}`

/** For every guest, whether it asks or not: who gets no address has not asked. */
const answers = () =>
  Object.fromEntries(
    numbered.map((one) => [
      macOf(one),
      {
        address: one.address,
        siaddr: '10.77.0.1',
        options: { 54: '10.77.0.100', 1: '255.255.255.0', 17: `10.77.0.1:${IMAGE}` },
      },
    ]),
  )
