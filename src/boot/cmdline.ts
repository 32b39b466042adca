import { netmaskOf, parseCidr } from '../model/address.ts'
import { type Guest, isWritable } from '../model/inventory.ts'
import type { Kernel } from '../model/kernel.ts'
import type { Problem } from '../model/problem.ts'
import { compareOutcome, expectedAnswer } from './expected.ts'
import { models } from './models.ts'
import { isNfsmountOption } from './nfsmount.ts'
import { splitOptions } from './outcome.ts'

/** Who reads the command line: the kernel itself, or the program that made the initrd; each has its own spelling. */
export type Dialect = 'kernel' | 'klibc' | 'dracut' | 'mkinitcpio'

export interface CmdlineOptions {
  /** The reader; {@link dialectOf} the guest's kernel when absent. */
  readonly dialect?: Dialect
}

/** Without an initrd the kernel mounts the root itself; Debian's initramfs-tools (klibc) when nothing else is said. */
export const dialectOf = (kernel: Kernel): Dialect =>
  kernel.initrd === undefined ? 'kernel' : (kernel.initramfs ?? 'klibc')

/**
 * Composes the kernel command line of a guest.
 *
 * A guest that asks DHCP or BOOTP names neither its address nor a server where its reader allows that: with
 * both filled in, the kernel would skip the request (`ip_auto_config`), and a full `nfsroot=` would hide a
 * wrong option 17. Composing never fails; {@link checkCmdline} says whether the line can work.
 */
export function composeCmdline(guest: Guest, options: CmdlineOptions = {}): string {
  const { root, more } = spellings[options.dialect ?? dialectOf(guest.kernel)](guest)
  const words = [
    ...root,
    isWritable(guest.image) ? 'rw' : 'ro',
    'console=hvc0',
    ...more,
    guest.domain.cmdlineExtra ?? '',
  ]
  return words.filter((word) => word !== '').join(' ')
}

interface Spelling {
  /** What finds the root, first on the line. */
  readonly root: readonly string[]
  /** What this reader needs besides. */
  readonly more: readonly string[]
}

const spellings: Record<Dialect, (guest: Guest) => Spelling> = {
  kernel: (guest) => ({
    root:
      guest.domain.boot === 'static'
        ? ['root=/dev/nfs', `nfsroot=${fullPath(guest)},${mountOptions(guest, 'kernel')}`, ipOf(guest)]
        : ['root=/dev/nfs', ipOf(guest), `nfsroot=,${mountOptions(guest, 'kernel')}`],
    more: [],
  }),

  // `auto` takes the whole of option 17; options of our own are possible only with a path before them
  // (initramfs-tools, scripts/nfs: nfs_mount_root_impl). Without them the read size is the server's choice.
  klibc: (guest) => ({
    root:
      guest.domain.boot === 'static' || guest.domain.nfsOptions !== undefined
        ? ['root=/dev/nfs', `nfsroot=${fullPath(guest)},${mountOptions(guest, 'klibc')}`, ipOf(guest)]
        : ['root=/dev/nfs', ipOf(guest), 'nfsroot=auto'],
    more: ['boot=nfs', 'net.ifnames=0'],
  }),

  // A root path from DHCP replaces the options of the command line (dracut, nfs-lib.sh: nfsroot_from_dhcp),
  // and mount.nfs without vers= would try NFS 4.2 first: so server and path are always written out.
  dracut: (guest) => ({
    root: [`root=${dracutRoot(guest)}`, ipOf(guest)],
    more: ['rd.neednet=1', 'net.ifnames=0'],
  }),

  mkinitcpio: (guest) => ({
    root: ['root=/dev/nfs', `nfsroot=${fullPath(guest)},${mountOptions(guest, 'mkinitcpio')}`, ipOf(guest)],
    more: ['net.ifnames=0'],
  }),
}

const fullPath = ({ server, image }: Guest) => `${server.address}:${image.path}`

const dracutRoot = (guest: Guest) =>
  `${guest.domain.nfsVersion === '3' ? 'nfs' : 'nfs4'}:${fullPath(guest)}:${mountOptions(guest, 'dracut')}`

// What mount.nfs asks for by itself; the client lowers it to what the server can do (fs/nfs/client.c:
// nfs_server_set_fsinfo), while nfsroot's own default is 4096 (fs/nfs/nfsroot.c: NFS_DEF_OPTIONS).
const TRANSFER_BYTES = 1048576

/** Ours first, the administrator's after: of two that contradict, every reader takes the later. */
export function mountOptions({ domain }: Guest, dialect: Dialect): string {
  // All releases of klibc's nfsmount know the switch v3; older ones call vers=3 a bad option.
  const version =
    dialect === 'klibc' || dialect === 'mkinitcpio' ? `v${domain.nfsVersion}` : `vers=${domain.nfsVersion}`
  const ours = `${version},tcp,hard,rsize=${TRANSFER_BYTES},wsize=${TRANSFER_BYTES}`
  return domain.nfsOptions === undefined || domain.nfsOptions === '' ? ours : `${ours},${domain.nfsOptions}`
}

/** `ip=CLIENT:SERVER:GATEWAY:MASK:NAME:DEVICE:HOW:DNS0:DNS1:NTP0`, empty fields at the end left out. */
function ipOf({ domain, network, server }: Guest): string {
  if (domain.boot !== 'static') return `ip=::::${domain.name}:eth0:${domain.boot}`
  const cidr = parseCidr(network.cidr)
  if (cidr === undefined) throw new Error(`network ${network.name} with cidr ${network.cidr} was not checked`)
  const fields = [
    domain.address,
    server.address,
    network.gateway ?? '',
    netmaskOf(cidr),
    domain.name,
    'eth0',
    'off',
    network.dns[0] ?? '',
    network.dns[1] ?? '',
    network.ntp[0] ?? '',
  ]
  return `ip=${fields.join(':').replace(/:+$/, '')}`
}

/** Bytes Xen hands to a PV guest, without the NUL; it cuts the rest off silently (xen.h: MAX_GUEST_CMDLINE). */
export const MAX_CMDLINE_BYTES = 1023

/** Says why a guest's command line cannot work with its reader; each message names the way out. */
export function checkCmdline(guest: Guest, options: CmdlineOptions = {}): Problem[] {
  const dialect = options.dialect ?? dialectOf(guest.kernel)
  const named = { ...lengthFault(guest, dialect), ...readerFaults[dialect](guest) }
  const faults = Object.keys(named).length > 0 ? named : extraFault(guest, dialect)
  return Object.entries(faults).map(([field, message]) => ({
    path: `domains/${guest.domain.name}/${field}`,
    message,
  }))
}

/** Field of the domain → what is wrong with it. */
type Faults = Partial<Record<'cmdlineExtra' | 'nfsOptions' | 'nfsVersion' | 'boot', string>>

function lengthFault(guest: Guest, dialect: Dialect): Faults {
  const length = composeCmdline(guest, { dialect }).length
  if (length <= MAX_CMDLINE_BYTES) return {}
  return {
    cmdlineExtra: `the kernel command line is ${length} bytes, and Xen cuts it silently after ${MAX_CMDLINE_BYTES}: shorten cmdlineExtra or nfsOptions by ${length - MAX_CMDLINE_BYTES}`,
  }
}

/** Our own part of the line is right, so whatever its reader makes wrong of it comes from the administrator's. */
function extraFault(guest: Guest, dialect: Dialect): Faults {
  const { cmdlineExtra } = guest.domain
  if (cmdlineExtra === undefined || cmdlineExtra === '') return {}
  const answer = guest.domain.boot === 'static' ? undefined : expectedAnswer(guest)
  const outcome = models[dialect](composeCmdline(guest, { dialect }), answer)
  const [fault] = [...outcome.faults, ...compareOutcome(guest, outcome)].filter(
    ({ severity }) => severity === 'fail',
  )
  return fault === undefined ? {} : { cmdlineExtra: `with ${cmdlineExtra}, ${fault.message}: take that out` }
}

const readerFaults: Record<Dialect, (guest: Guest) => Faults> = {
  kernel: (guest) => optionsBufferFault(guest),
  klibc: (guest) => ({ ...version4Fault(guest, "initramfs-tools' nfsmount"), ...unknownOptionFault(guest) }),
  mkinitcpio: (guest) => ({
    ...version4Fault(guest, "mkinitcpio-nfs-utils' nfsmount"),
    ...unknownOptionFault(guest),
  }),
  dracut: ({ domain }) => ({
    ...(domain.boot === 'bootp' && {
      boot: 'dracut refuses ip=bootp: use boot: dhcp or static',
    }),
    ...(domain.nfsOptions?.includes(':') === true && {
      nfsOptions: `dracut separates its fields by colons, so ${domain.nfsOptions} cannot be passed: leave the colon out`,
    }),
  }),
}

const version4Fault = ({ domain, kernel }: Guest, program: string): Faults =>
  domain.nfsVersion === '3'
    ? {}
    : {
        nfsVersion: `${program} mounts NFS 2 and 3 only, not ${domain.nfsVersion}: use nfsVersion 3, an initrd made by dracut (initramfs: dracut of kernel ${kernel.name}), or a kernel that mounts its root itself`,
      }

function unknownOptionFault({ domain }: Guest): Faults {
  const unknown = splitOptions(domain.nfsOptions ?? '').filter((option) => !isNfsmountOption(option))
  if (unknown.length === 0) return {}
  return {
    nfsOptions: `${unknown.join(', ')}: klibc's nfsmount stops at an option it does not know; it knows port, rsize, wsize, timeo, retrans, acregmin, acregmax, acdirmin and acdirmax with a number, soft, hard, intr, posix, cto, ac, lock and acl (also with no before them), udp and tcp`,
  }
}

// fs/nfs/nfsroot.c: nfs_root_options[256] takes the kernel's default, ours, and what root_nfs_data puts last.
const OPTIONS_BUFFER = 256
const LONGEST_DEFAULT = 'vers=3,tcp,rsize=4096,wsize=4096'

function optionsBufferFault(guest: Guest): Faults {
  const all = `${LONGEST_DEFAULT},${mountOptions(guest, 'kernel')},nolock,addr=${guest.server.address}`
  const over = all.length - (OPTIONS_BUFFER - 1)
  if (over <= 0) return {}
  return {
    nfsOptions: `the kernel keeps ${OPTIONS_BUFFER} bytes for all NFS options of its root and stops with "mount options string too long": shorten nfsOptions by ${over}`,
  }
}
