/**
 * The client in the kernel, as `net/ipv4/ipconfig.c` and `fs/nfs/nfsroot.c` of Linux 6.1 have it.
 *
 * First value wins, and the OFFER is taken in full: what the ACK says differently is ignored. An option that ends
 * exactly where the datagram ends is lost, parts of options are not joined, overloaded fields are not read.
 */
import { formatIpv4, parseIpv4 } from '../../model/address.ts'
import { type Caller, type Exchange, failed, type Reading } from './client.ts'
import { formatRequest, quad, type RequestOption } from './message.ts'
import { splitKernelRoot } from './root-path.ts'

const LENGTH = 548 // bytes of a message: its option field has a fixed size of 312
const NONE = 0xffffffff // "not set" for every address
const REQUESTED = [1, 3, 6, 12, 15, 17, 26, 40, 42]

/** `ip=dhcp`. */
export function* kernelDhcp(caller: Caller): Exchange {
  const state = freshState()
  const offer = yield formatRequest({ ...caller, length: LENGTH, options: dhcpOptions(state) })
  if (offer === undefined) return failed('no OFFER: it asks again for about 90 s, then starts over')
  const offered = takeDhcp(state, caller, offer)
  if (offered !== 'offer') return failed(`takes no ${offered} for an OFFER`)
  const ack = yield formatRequest({ ...caller, length: LENGTH, options: dhcpOptions(state) })
  if (ack === undefined)
    return failed('no ACK: it repeats its REQUEST and never DISCOVERs again without a NAK')
  const acknowledged = takeDhcp(state, caller, ack)
  if (acknowledged !== 'ack') return failed(`got ${acknowledged} instead of an ACK`)
  return { kind: 'bound', reading: readingOf(state) }
}

/** `ip=bootp`. */
export function* kernelBootp(caller: Caller): Exchange {
  const state = freshState()
  const reply = yield formatRequest({ ...caller, length: LENGTH, options: BOOTP_OPTIONS })
  if (reply === undefined) return failed('no BOOTP reply: it asks again for about 90 s, then starts over')
  if (!isForUs(caller, reply)) return failed('the reply is not for this request')
  take(state, reply)
  return { kind: 'bound', reading: readingOf(state) }
}

interface State {
  address: number
  server: number
  netmask: number
  gateway: number
  dns: number[]
  ntp: number[]
  hostName: string
  domainName: string
  rootPath: string
  mtu: number
}

const freshState = (): State => ({
  address: NONE,
  server: NONE,
  netmask: NONE,
  gateway: NONE,
  dns: [],
  ntp: [],
  hostName: '',
  domainName: '',
  rootPath: '',
  mtu: 0,
})

/** ic_dhcp_init_options: a REQUEST as soon as a server is known. */
function dhcpOptions(state: State): RequestOption[] {
  const isRequest = state.server !== NONE
  return [
    [53, [isRequest ? 3 : 1]],
    ...(isRequest
      ? ([
          [54, quad(state.server)],
          [50, quad(state.address)],
        ] as const)
      : []),
    [55, REQUESTED],
    ...(state.hostName === '' ? [] : ([[12, [...Buffer.from(state.hostName, 'latin1')]]] as const)),
  ]
}

const zeros = (count: number) => new Array<number>(count).fill(0)

/** ic_bootp_init_ext: room for what it wants, and 57 = 406. */
const BOOTP_OPTIONS: readonly RequestOption[] = [
  [1, zeros(4)],
  [3, zeros(4)],
  [6, zeros(12)],
  [12, zeros(32)],
  [40, zeros(32)],
  [17, zeros(40)],
  [57, [1, 150]],
]

const isForUs = ({ xid }: Caller, reply: Buffer) =>
  reply.length >= 236 && reply[0] === 2 && reply.readUInt32BE(4) === xid

/** ic_bootp_recv for DHCP: the first pass looks at 53 and 54 only. */
function takeDhcp(state: State, { mac, xid }: Caller, reply: Buffer): 'offer' | 'ack' | 'refusal' | 'stray' {
  if (!isForUs({ mac, xid }, reply)) return 'stray'
  let type = 0
  let serverId = NONE
  for (const [code, value] of options(reply)) {
    if (code === 53 && value.length > 0) type = value[0] ?? 0
    if (code === 54 && value.length >= 4) serverId = value.readUInt32BE(0)
  }
  if (type !== 2 && type !== 5) {
    Object.assign(state, { address: NONE, server: NONE })
    return 'refusal'
  }
  if (type === 5 && reply.toString('hex', 28, 34) !== mac.replaceAll(':', '')) return 'stray'
  take(state, reply, type === 2 && serverId !== NONE ? serverId : undefined)
  return type === 2 ? 'offer' : 'ack'
}

/** The second pass, and the header fields; in an OFFER option 54 stands in for siaddr. */
function take(state: State, reply: Buffer, server = reply.readUInt32BE(20)): void {
  for (const [code, value] of options(reply)) takeOption(state, code, value)
  const giaddr = reply.readUInt32BE(24)
  state.address = reply.readUInt32BE(16)
  state.server = server
  if (state.gateway === NONE && giaddr !== 0) state.gateway = giaddr
  state.dns[0] ??= state.server
}

/** ic_do_bootp_ext. */
function takeOption(state: State, code: number, value: Buffer): void {
  const text = value.toString('latin1')
  if (code === 1 && state.netmask === NONE && value.length >= 4) state.netmask = value.readUInt32BE(0)
  if (code === 3 && state.gateway === NONE && value.length >= 4) state.gateway = value.readUInt32BE(0)
  if (code === 6)
    for (let i = 0; i < Math.min(3, value.length >> 2); i++) state.dns[i] ??= value.readUInt32BE(4 * i)
  if (code === 12) state.hostName ||= text.slice(0, 63)
  if (code === 15) state.domainName ||= text.slice(0, 63)
  if (code === 17) state.rootPath ||= text
  if (code === 26 && value.length >= 2) state.mtu = value.readUInt16BE(0)
  if (code === 42)
    for (let i = 0; i < Math.min(3, value.length >> 2); i++) state.ntp[i] ??= value.readUInt32BE(4 * i)
}

/** The kernel's walk: nothing without cookie, and an option must be followed by another byte. */
function* options(reply: Buffer): Generator<[number, Buffer]> {
  if (reply.length < 240 || reply.readUInt32BE(236) !== 0x63825363) return
  for (let at = 240; at < reply.length && reply[at] !== 255; ) {
    const code = reply[at] ?? 0
    if (code === 0) {
      at++
      continue
    }
    const length = reply[at + 1] ?? 0
    const next = at + 2 + length
    if (next >= reply.length) return
    yield [code, reply.subarray(at + 2, next)]
    at = next
  }
}

/** ic_defaults and root_nfs_parse_addr. */
function readingOf(state: State): Reading {
  const root = splitKernelRoot(state.rootPath)
  const address = formatIpv4(state.address)
  const path = (root.path === '' ? '/tftpboot/%s' : root.path).replaceAll('%s', state.hostName || address)
  return {
    address,
    netmask: formatIpv4(state.netmask === NONE ? classMask(state.address) : state.netmask),
    gateway: state.gateway === NONE ? undefined : formatIpv4(state.gateway),
    dns: state.dns.map(formatIpv4),
    ntp: state.ntp.map(formatIpv4),
    hostName: state.hostName === '' ? address : state.hostName,
    domainName: state.domainName || undefined,
    mtu: state.mtu === 0 ? undefined : state.mtu,
    leaseSeconds: undefined, // never read: it holds the address for ever
    serverId: undefined,
    rootServer: root.server ?? formatIpv4(state.server),
    rootPath: path,
    rootOptions: root.options,
  }
}

const classMask = (address: number) =>
  parseIpv4(address < 0x80000000 ? '255.0.0.0' : address < 0xc0000000 ? '255.255.0.0' : '255.255.255.0')
