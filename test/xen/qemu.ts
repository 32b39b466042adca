import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import type { LabArtefacts } from './artefacts/lab-artefacts.ts'
import { followProgram } from './follow.ts'
import { inNamespace, isAlive } from './namespace.ts'
import { type HostNumber, LabError, type LabSettings, pidFileOf, serialLogOf, tapOf } from './settings.ts'

const BOOT_TIMEOUT_MS = 540_000 // ready takes 15 s on a quiet machine; one with much other work was 30 times slower

const MEMORY_MIB = 1024
const DOM0_MEMORY_MIB = 512

/** A processor that QEMU emulates well enough for Xen with PVH guests: an older AMD with nested paging. */
const CPU = 'Opteron_G3,+svm,+npt,+nrip-save,-rdtscp'

const XEN_OPTIONS = [
  'com1=115200,8n1 console=com1',
  `dom0_mem=${DOM0_MEMORY_MIB}M,max:${DOM0_MEMORY_MIB}M dom0_max_vcpus=2`,
  'spec-ctrl=no xpti=no watchdog=0 iommu=no noreboot',
].join(' ')

/** Starts a Xen host in the background; it is there when `awaitHost` returns. */
export async function startHost(lab: LabSettings, host: HostNumber, artefacts: LabArtefacts): Promise<void> {
  await execa(...inNamespaceArgs(lab, ['qemu-system-x86_64', ...qemuOptions(lab, host, artefacts)]), {
    stdin: 'ignore',
  })
}

/** Waits for the last line of dom0's init on the serial console. @throws LabError with what the host said last */
export async function awaitHost(lab: LabSettings, host: HostNumber, signal: AbortSignal): Promise<void> {
  const serialLog = serialLogOf(lab, host)
  const pid = await hostPid(lab, host)
  const tail = ['-n', '+1', '-F', `--pid=${pid}`, serialLog]
  const log = followProgram(`host ${host} (${serialLog})`, ['tail', tail])
  const close = () => void log.close() // ends the wait below
  signal.addEventListener('abort', close)
  try {
    signal.throwIfAborted()
    const [line] = await log.waitFor(
      /LAB \S* (READY|FAILED.*)|Kernel panic.*|Panic on CPU.*/,
      BOOT_TIMEOUT_MS,
    )
    if (!line.endsWith('READY'))
      throw new LabError(`host ${host} does not come up: ${line}; see ${serialLog}`)
  } catch (cause) {
    throw signal.aborted ? signal.reason : cause
  } finally {
    signal.removeEventListener('abort', close)
    await log.close()
  }
}

/** The running QEMU of a host; undefined when there is none. */
export async function hostPid(lab: LabSettings, host: HostNumber): Promise<number | undefined> {
  const pid = Number(await readFile(pidFileOf(lab, host), 'utf8').catch(() => ''))
  if (!Number.isInteger(pid) || pid <= 0 || !(await isAlive(pid))) return undefined
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return commandLine.includes(pidFileOf(lab, host)) ? pid : undefined // else the number is somebody else's by now
}

function inNamespaceArgs(lab: LabSettings, argv: readonly string[]): [string, readonly string[]] {
  const [file, args] = inNamespace(lab, argv)
  return [file, args]
}

function qemuOptions(lab: LabSettings, host: HostNumber, artefacts: LabArtefacts): readonly string[] {
  // A comma here would begin another module.
  const dom0 = `console=hvc0 root=/dev/vda rw init=/usr/sbin/lab-init lab.host=${host} net.ifnames=0 mitigations=off`
  return [
    ...[
      '-name',
      `${lab.name}-xen${host}`,
      '-machine',
      'q35',
      '-accel',
      'tcg,thread=multi,tb-size=256',
      '-cpu',
      CPU,
    ],
    ...['-smp', '2', '-m', `${MEMORY_MIB}`, '-nodefaults', '-display', 'none', '-no-reboot'],
    ...['-serial', `file:${serialLogOf(lab, host)}`, '-pidfile', pidFileOf(lab, host), '-daemonize'],
    ...[
      '-kernel',
      artefacts.hypervisor,
      '-append',
      XEN_OPTIONS,
      '-initrd',
      `${artefacts.dom0Kernel} ${dom0}`,
    ],
    ...disk('root', artefacts.dom0Disk),
    ...disk('srv', artefacts.srvDisk),
    ...['-netdev', `tap,id=lan,ifname=${tapOf(host)},script=no,downscript=no`],
    ...['-device', `virtio-net-pci,netdev=lan,mac=52:54:00:77:00:0${host},romfile=`],
    ...['-device', 'virtio-rng-pci'],
  ]
}

/** Every start sees the disk as it was built; what the host writes is thrown away. */
function disk(id: string, image: string): readonly string[] {
  const drive = `file=${image},if=none,id=${id},format=raw,snapshot=on,cache=unsafe`
  return ['-drive', drive, '-device', `virtio-blk-pci,drive=${id}`]
}
