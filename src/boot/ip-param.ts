import { formatIpv4, isIpv4, parseIpv4 } from '../model/address.ts'
import type { Ipv4 } from '../model/grammar.ts'

/** The protocols a kernel was built with (CONFIG_IP_PNP_DHCP, CONFIG_IP_PNP_BOOTP). */
export interface Protocols {
  readonly dhcp: boolean
  readonly bootp: boolean
}

/** What the kernel knows after it has read its ip= parameters. */
export interface IpParam {
  /** False: nothing is configured at all. */
  readonly enabled: boolean
  /** Protocols left to ask with, when something is missing. */
  readonly protocols: Protocols
  readonly client: Ipv4 | undefined
  readonly server: Ipv4 | undefined
  readonly gateway: Ipv4 | undefined
  readonly netmask: Ipv4 | undefined
  readonly hostname: string | undefined
  /** Undefined: the first device that can. */
  readonly device: string | undefined
  readonly dns: readonly Ipv4[]
  readonly ntp: readonly Ipv4[]
  /** Words in the place of an address that are none; the kernel makes some address of each. */
  readonly notAddresses: readonly string[]
}

/** Before any ip=; the kernel's documentation says otherwise, but without one it configures nothing. */
const NOTHING: Omit<IpParam, 'protocols'> = {
  enabled: false,
  client: undefined,
  server: undefined,
  gateway: undefined,
  netmask: undefined,
  hostname: undefined,
  device: undefined,
  dns: [],
  ntp: [],
  notAddresses: [],
}

/**
 * Reads the values of all ip= and nfsaddrs= parameters as the kernel does; each one goes on from the last.
 *
 * @see net/ipv4/ipconfig.c: ip_auto_config_setup (6.1; the same in 6.12)
 */
export function parseIpParam(values: readonly string[], builtWith: Protocols): IpParam {
  // The DHCP client is built on the BOOTP one, so a kernel with DHCP can always ask by BOOTP.
  const protocols = { dhcp: builtWith.dhcp, bootp: builtWith.bootp || builtWith.dhcp }
  return values.reduce<IpParam>((state, value) => readOne(state, value, builtWith), { ...NOTHING, protocols })
}

function readOne(before: IpParam, value: string, builtWith: Protocols): IpParam {
  const enabled = { ...before, enabled: true }
  const chosen = protocolNamed(value, before.protocols, builtWith)
  if (chosen !== undefined) return { ...enabled, protocols: chosen }
  if (value === '' || value === 'off' || value === 'none') return { ...before, enabled: false }
  let state: IpParam = { ...enabled, dns: [], ntp: [] }
  const fields = value.split(':')
  for (const [index, field] of fields.entries()) {
    if (field !== '') state = { ...state, ...FIELDS[index]?.(field, state, builtWith) }
  }
  const notAddresses = fields.filter(
    (field, index) => (index < 4 || (index > 6 && index < 10)) && field !== '' && !isIpv4(field),
  )
  return { ...state, notAddresses: [...state.notAddresses, ...notAddresses] }
}

/** One function per field; an empty field is not looked at. */
const FIELDS: ReadonlyArray<(field: string, state: IpParam, builtWith: Protocols) => Partial<IpParam>> = [
  (field) => ({ client: addressOf(field) }),
  (field) => ({ server: addressOf(field) }),
  (field) => ({ gateway: addressOf(field) }),
  (field) => ({ netmask: addressOf(field) }),
  (field) => ({ hostname: (field.split('.')[0] ?? '').slice(0, 64) }),
  (field) => ({ device: field.slice(0, 15) }),
  (field, state, builtWith) => {
    const protocols = protocolNamed(field, state.protocols, builtWith)
    if (protocols !== undefined) return { protocols }
    return state.client === undefined ? { enabled: false } : {}
  },
  (field, { dns }) => ({ dns: defined([addressOf(field), dns[1]]) }),
  (field, { dns }) => ({ dns: defined([dns[0], addressOf(field)]) }),
  (field) => ({ ntp: defined([addressOf(field)]) }),
]

/** The protocols that remain when `name` is one the kernel knows; undefined for off, none and all other words. */
function protocolNamed(name: string, now: Protocols, builtWith: Protocols): Protocols | undefined {
  if (name === 'on' || name === 'any') return now
  if (builtWith.dhcp && name.startsWith('dhcp')) return now
  if (builtWith.bootp && name === 'bootp') return { ...now, dhcp: false }
  if ((builtWith.dhcp || builtWith.bootp) && name === 'both') return { ...now, dhcp: false }
  return undefined
}

const NO_ADDRESS = ['0.0.0.0', '255.255.255.255']

function addressOf(field: string): Ipv4 | undefined {
  const address = formatIpv4(inAton(field))
  return NO_ADDRESS.includes(address) ? undefined : address
}

/** Reads a dotted quad as the kernel does: any text gives some address. @see net/core/utils.c: in_aton */
export function inAton(text: string): number {
  const parts = text.split('.')
  let value = 0
  for (let index = 0; index < 4; index++) {
    let part = 0
    for (const digit of parts[index] ?? '') part = (part * 10 + (digit.charCodeAt(0) - 48)) | 0
    value = ((value << 8) | part) >>> 0
  }
  return value
}

/** `addr[:rest]` at the start of a name of a root, as root_nfs_parse_addr splits it off; undefined when there is none. */
export function splitAddress(name: string): { address: Ipv4; rest: string } | undefined {
  const [, quad, rest] = /^(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?::(.*))?$/s.exec(name) ?? []
  return quad === undefined ? undefined : { address: formatIpv4(inAton(quad)), rest: rest ?? '' }
}

const defined = (addresses: readonly (Ipv4 | undefined)[]) => addresses.filter((one) => one !== undefined)

/** True when both addresses are in one network of this mask. */
export const isOnLink = (one: Ipv4, other: Ipv4, netmask: Ipv4) =>
  ((parseIpv4(one) ^ parseIpv4(other)) & parseIpv4(netmask)) === 0
