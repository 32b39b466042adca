import { type Guest, isWritable } from '../../model/inventory.ts'
import type { PathFact } from '../../nfs/facts.ts'
import { composeCmdline } from '../cmdline.ts'
import { type BootFacts, type ImageTree, readerOf } from '../facts.ts'
import type { Link } from '../link.ts'
import { type Fault, fail as fault, warn } from '../outcome.ts'
import { kernelWords } from '../words.ts'
import { judgeOf, worst } from './judge.ts'

const { ok, fail, unknown } = judgeOf('image')

/** The root directory is there, holds an init that can run, and nothing in it fights the NFS root. */
export function imageLink(guest: Guest, { image: { path, tree }, kernel }: BootFacts): Link {
  const { image, server } = guest
  const what = `${server.name}:${image.path}`
  const missing = pathFault(path, what, image.path)
  if (missing !== undefined) return missing
  if (tree.kind === 'unknown') return unknown(`${what} is a directory; ${tree.reason}`)
  const arch = kernel.kind === 'known' && 'arch' in kernel.value ? kernel.value.arch : ''
  const faults = [
    ...initFaults(tree.value, what, arch),
    ...fstabFaults(tree.value.fstab ?? ''),
    ...networkFaults(tree.value),
    ...(readerOf(guest, kernel) === 'dracut' ? switchFaults(tree.value) : []),
    ...(isWritable(image) ? [] : sharedFaults(guest, tree.value)),
  ]
  return worst('image', faults) ?? ok(`${what} has ${tree.value.init}`)
}

function pathFault(path: PathFact, what: string, wanted: string): Link | undefined {
  switch (path.kind) {
    case 'unknown':
      return unknown(path.reason)
    case 'absent':
      return fail(`${what} is not there`, 'make the directory, or correct the path of the image')
    case 'other':
      return fail(`${what} is a ${path.type}, not a directory`, 'correct the path of the image')
    case 'directory':
      if (path.realpath === wanted) return undefined
      return fail(
        `${what} is a link to ${path.realpath}, and the server exports only real paths`,
        `set the path of the image to ${path.realpath}`,
      )
  }
}

/** Whose programs a kernel runs. domus judges x86 kernels only; PV and PVH guests of other kinds are unknown to it. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  x86_64: ['x86_64', 'i386'],
  i386: ['i386'],
  arm64: ['aarch64', 'arm'],
}

function initFaults(tree: ImageTree, what: string, arch: string): Fault[] {
  if (tree.init === undefined) {
    const wanted = tree.wanted ?? '/sbin/init, /etc/init, /bin/init nor /bin/sh'
    return [
      fault(
        `${what} has no init: ${tree.wanted === undefined ? 'neither ' : 'there is no '}${wanted}`,
        'fill the image',
      ),
    ]
  }
  const runs = RUNS[arch === '' ? 'x86_64' : arch]
  return [
    tree.init === '/bin/sh' &&
      tree.wanted === undefined &&
      warn(
        `${what} has no init but a shell, the kernel's last resort`,
        'fill the image, or put init=/bin/sh into cmdlineExtra when a shell is wanted',
      ),
    tree.arch !== undefined &&
      runs !== undefined &&
      !runs.includes(tree.arch) &&
      fault(
        `${tree.init} in ${what} is for ${tree.arch}, and the kernel runs ${runs.join(' and ')}`,
        'use another image',
      ),
    tree.loader !== undefined &&
      !tree.loader.isThere &&
      fault(
        `${tree.init} in ${what} needs ${tree.loader.path}, which is not there`,
        'install the C library in the image',
      ),
  ].filter((found) => found !== false)
}

/** systemd, which runs in dracut's initramfs, goes to a root only that says what it is (os-release(5)). */
const switchFaults = ({ hasOsRelease }: ImageTree): Fault[] =>
  hasOsRelease
    ? []
    : [
        warn(
          "it has no /etc/os-release: systemd in dracut's initramfs takes it for no system and does not go there",
          'put an /etc/os-release into the image, such as ID=linux',
        ),
      ]

const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')

/** A line that mounts `/` from a disk makes the guest remount, check or wait for one that is not there. */
function fstabFaults(fstab: string): Fault[] {
  const line = linesOf(fstab).find((one) => {
    const [device = '', mountPoint, type = ''] = one.split(/\s+/)
    return mountPoint === '/' && !type.startsWith('nfs') && device !== '/dev/nfs'
  })
  return line === undefined
    ? []
    : [warn(`its /etc/fstab mounts / from a disk: ${line}`, 'take that line out of /etc/fstab')]
}

/** Whatever takes eth0 down or configures it anew takes the root with it. */
function networkFaults({ interfaces = '', networkManager, networkd }: ImageTree): Fault[] {
  return [...ifupdownFaults(interfaces), ...managerFaults(networkManager), ...networkdFaults(networkd)]
}

function ifupdownFaults(interfaces: string): Fault[] {
  const lines = linesOf(interfaces)
  const line = lines.find((one) => /^(?:auto|allow-auto|allow-hotplug)\s.*\beth0\b/.test(one))
  const isManual = lines.some((one) => /^iface\s+eth0\s+inet\s+manual$/.test(one))
  if (line === undefined || isManual) return []
  return [
    warn(
      `its /etc/network/interfaces manages eth0 (${line}): the root goes with it`,
      'leave eth0 out, or set it to manual',
    ),
  ]
}

function managerFaults(config: string | undefined): Fault[] {
  if (config === undefined || /^\s*unmanaged-devices\s*=.*(?:eth0|\*)/m.test(config)) return []
  return [
    warn(
      'its NetworkManager manages eth0: the root goes with it',
      'write unmanaged-devices=interface-name:eth0 under [keyfile] in its /etc/NetworkManager/conf.d, or disable it',
    ),
  ]
}

/** systemd-networkd keeps what the kernel configured only where it is told to. */
function networkdFaults(files: string | undefined): Fault[] {
  const sections = (files ?? '').split(/^(?=\[Match\])/m)
  const match = sections.find(
    (one) =>
      /^\[Match\]/.test(one) &&
      [...one.matchAll(/^\s*(?:Name|OriginalName)\s*=\s*(.*)$/gm)].some(([, names = '']) =>
        names.split(/\s+/).some(matchesEth0),
      ) &&
      !/^\s*(?:Unmanaged\s*=\s*(?:yes|true|1)|KeepConfiguration\s*=\s*(?:yes|true|1|static))\b/im.test(one),
  )
  if (match === undefined) return []
  return [
    warn(
      'its systemd-networkd manages eth0: the root goes with it',
      'write Unmanaged=yes under [Link], or KeepConfiguration=yes under [Network], in that .network file',
    ),
  ]
}

/** A shell pattern as networkd has them, with `*` and `?` alone. */
const matchesEth0 = (pattern: string) =>
  /^[A-Za-z0-9*?._-]+$/.test(pattern) &&
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')}$`).test('eth0')

/** Many guests on one read-only root: nothing in it may be one guest's own, and its init must bear it. */
function sharedFaults(guest: Guest, { machineId, hostKeys, isSystemd }: ImageTree): Fault[] {
  const words = kernelWords(composeCmdline(guest))
  const hasState = words.some((word) => word.startsWith('systemd.volatile=') || word.startsWith('init='))
  const found: (Fault | false)[] = [
    isSystemd &&
      !hasState &&
      warn(
        'its systemd would find /var read-only',
        'put systemd.volatile=state into cmdlineExtra, or an init= that mounts a /var of its own',
      ),
    (machineId ?? '').trim() !== '' &&
      machineId?.trim() !== 'uninitialized' &&
      warn('its /etc/machine-id would be the same in all guests', 'empty that file'),
    hostKeys.length > 0 &&
      warn(
        `all its guests would have one ssh host key, and could read it: ${hostKeys.join(', ')}`,
        'take the host keys out of the image',
      ),
  ]
  return found.filter((one) => one !== false)
}
