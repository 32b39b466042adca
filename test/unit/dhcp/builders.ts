import { parseIpv4 } from '../../../src/model/address.ts'
import type { Domain } from '../../../src/model/domain.ts'
import type { Guest } from '../../../src/model/inventory.ts'
import type { Network } from '../../../src/model/network.ts'

/** The book's guest; a test names only what matters to it. */
export function guest(
  over: { domain?: Partial<Domain>; network?: Partial<Network>; path?: string } = {},
): Guest {
  return {
    site: 'book',
    domain: {
      name: 'menas',
      image: 'slack',
      network: 'lan',
      kernel: 'nfsroot',
      host: 'h1',
      memoryMiB: 256,
      vcpus: 1,
      address: '38.99.2.222',
      mac: '00:16:3e:00:00:01',
      uuid: '6ba7b811-9dad-11d1-80b4-00c04fd430c8',
      boot: 'dhcp',
      nfsVersion: '3',
      autostart: false,
      disks: [],
      onPoweroff: 'destroy',
      onReboot: 'restart',
      onCrash: 'destroy',
      options: {},
      ...over.domain,
    },
    network: {
      name: 'lan',
      cidr: '38.99.2.0/24',
      bridge: 'xenbr0',
      gateway: '38.99.2.1',
      dns: ['38.99.2.1'],
      ntp: [],
      dhcpServer: '38.99.2.7',
      dhcp: 'serve',
      leaseSeconds: 86400,
      options: {},
      ...over.network,
    },
    server: { name: 'filer', address: '38.99.2.7', kind: 'linux', machine: 'local' },
    image: {
      name: 'slack',
      server: 'filer',
      path: over.path ?? '/usr/xen/images/slack',
      sharing: 'exclusive',
    },
    kernel: { name: 'nfsroot', path: '/boot/vmlinuz-nfsroot', type: 'pv' },
    host: { name: 'h1', machine: 'local', toolstack: 'xl' },
  }
}

export interface MessageFields {
  readonly op?: number
  readonly htype?: number
  readonly hlen?: number
  readonly xid?: number
  readonly flags?: number
  readonly ciaddr?: string
  readonly giaddr?: string
  readonly mac?: string
  /** The ten bytes of chaddr after the MAC. */
  readonly chaddrRest?: number
  readonly sname?: readonly number[]
  readonly file?: readonly number[]
  /** Bytes after the header; the cookie is not added. */
  readonly tail?: readonly number[]
  /** Options between cookie and end mark: code, then bytes. */
  readonly options?: readonly (readonly [number, readonly number[]])[]
}

export const COOKIE = [99, 130, 83, 99]

/** A request as bytes, 300 at least. */
export function message(fields: MessageFields): Buffer {
  const head = Buffer.alloc(236)
  head.set([fields.op ?? 1, fields.htype ?? 1, fields.hlen ?? 6, 0])
  head.writeUInt32BE(fields.xid ?? 0x01020304, 4)
  head.writeUInt16BE(fields.flags ?? 0, 10)
  head.writeUInt32BE(parseIpv4(fields.ciaddr ?? '0.0.0.0'), 12)
  head.writeUInt32BE(parseIpv4(fields.giaddr ?? '0.0.0.0'), 24)
  head.write((fields.mac ?? '00:16:3e:00:00:01').replaceAll(':', ''), 28, 'hex')
  head.fill(fields.chaddrRest ?? 0, 34, 44)
  head.set(fields.sname ?? [], 44)
  head.set(fields.file ?? [], 108)
  const listed = (fields.options ?? []).flatMap(([code, value]) => [code, value.length, ...value])
  const tail = fields.tail ?? [...COOKIE, ...listed, 255]
  const bytes = Buffer.concat([head, Buffer.from(tail)])
  return bytes.length >= 300 || fields.tail !== undefined ? bytes : Buffer.concat([bytes], 300)
}

export const quad = (address: string) => address.split('.').map(Number)

export const type = (value: number) => [53, [value]] as const
export const requested = (address: string) => [50, quad(address)] as const
export const serverId = (address: string) => [54, quad(address)] as const
