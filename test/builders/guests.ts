import fc from 'fast-check'
import { composeCmdline, type Dialect } from '../../src/boot/cmdline.ts'
import { formatIpv4 } from '../../src/model/address.ts'
import type { Guest } from '../../src/model/inventory.ts'

const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789']
const inner = [...letters, '-']
const text = (first: string[], rest: string[], maxLength: number) =>
  fc
    .tuple(fc.constantFrom(...first), fc.array(fc.constantFrom(...rest), { maxLength: maxLength - 1 }))
    .map(([head, tail]) => head + tail.join(''))

/** Not of digits alone: xl would take that for the number of a domain. */
export const anyName = text(letters, inner, 63).filter((name) => /[a-z-]/.test(name))
const pathPart = text([...letters, ...'ABCXYZ'], [...inner, ...'ABCXYZ._+@='], 20)
export const anyPath = fc
  .array(pathPart, { minLength: 1, maxLength: 12 })
  .map((parts) => `/${parts.join('/')}`)
const anyMac = fc
  .array(fc.nat(255), { minLength: 5, maxLength: 5 })
  .map((bytes) => ['02', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':'))

// A network with at least eight addresses, outside 0/8, 127/8 and the classes without hosts.
const anyNetwork = fc
  .tuple(fc.integer({ min: 0x01000000, max: 0xdfffffff }), fc.integer({ min: 8, max: 29 }))
  .map(([base, prefix]) => {
    const size = 2 ** (32 - prefix)
    return { first: Math.floor(base / size) * size, prefix }
  })

const nfsOptions = fc.constantFrom(undefined, 'timeo=50', 'nocto,retrans=5', 'rsize=65536,wsize=65536')
const cmdlineExtra = fc.constantFrom(undefined, 'quiet', 'panic=10 loglevel=3')

/** Guests of every boot, version, sharing and kernel, all within the grammar of the model. */
export const anyGuest: fc.Arbitrary<Guest> = fc
  .record({
    net: anyNetwork,
    offsets: fc.tuple(fc.integer({ min: 3, max: 5 }), fc.constantFrom(1, undefined), fc.constant(2)),
    dns: fc.integer({ min: 0, max: 3 }),
    ntp: fc.integer({ min: 0, max: 2 }),
    path: anyPath,
    name: anyName,
    mac: anyMac,
    uuid: fc.uuid(),
    boot: fc.constantFrom('static' as const, 'dhcp' as const, 'bootp' as const),
    nfsVersion: fc.constantFrom('3' as const, '4.0' as const, '4.1' as const, '4.2' as const),
    sharing: fc.constantFrom('exclusive' as const, 'shared' as const),
    type: fc.constantFrom('pv' as const, 'pvh' as const),
    nfsOptions,
    cmdlineExtra,
    memoryMiB: fc.integer({ min: 32, max: 65536 }),
    vcpus: fc.integer({ min: 1, max: 64 }),
    disks: fc.array(fc.constantFrom('/dev/vg0/swap,raw,xvda,w', '/srv/a.img,raw,xvdb,r'), { maxLength: 2 }),
    initrd: fc.option(anyPath, { nil: undefined }),
  })
  .map((any) => {
    const at = (offset: number) => formatIpv4(any.net.first + offset)
    const [client, gateway, server] = any.offsets
    return {
      site: 'any',
      domain: {
        name: any.name,
        image: 'root',
        network: 'lan',
        kernel: 'kernel',
        host: 'h1',
        memoryMiB: any.memoryMiB,
        vcpus: any.vcpus,
        address: at(client),
        mac: any.mac,
        uuid: any.uuid,
        boot: any.boot,
        nfsVersion: any.nfsVersion,
        ...(any.nfsOptions !== undefined && { nfsOptions: any.nfsOptions }),
        ...(any.cmdlineExtra !== undefined && { cmdlineExtra: any.cmdlineExtra }),
        autostart: false,
        disks: any.disks,
        onPoweroff: 'destroy',
        onReboot: 'restart',
        onCrash: 'destroy',
        options: {},
      },
      network: {
        name: 'lan',
        cidr: `${formatIpv4(any.net.first)}/${any.net.prefix}`,
        bridge: 'xenbr0',
        ...(gateway !== undefined && { gateway: at(gateway) }),
        dns: Array.from({ length: any.dns }, (_, index) => at(1 + index)),
        ntp: Array.from({ length: any.ntp }, (_, index) => at(1 + index)),
        dhcp: 'serve',
        leaseSeconds: 86400,
        options: {},
      },
      server: { name: 'filer', address: at(server), kind: 'linux', machine: 'local' },
      image: {
        name: 'root',
        server: 'filer',
        path: any.path.slice(0, 255).replace(/\/$/, ''),
        sharing: any.sharing,
      },
      kernel: {
        name: 'kernel',
        path: '/boot/vmlinuz',
        type: any.type,
        ...(any.initrd !== undefined && { initrd: any.initrd }),
      },
      host: { name: 'h1', machine: 'local', toolstack: 'xl' },
    } satisfies Guest
  })

export const compose = (guest: Guest, dialect: Dialect) => composeCmdline(guest, { dialect })
