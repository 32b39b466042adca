/**
 * `ipconfig` of klibc (Debian's initramfs-tools with boot=nfs), as usr/kinit/ipconfig of klibc 2.0.12 has it.
 *
 * The last value wins and the ACK resets all; each answer must repeat all 16 bytes of chaddr.
 */
import { formatIpv4 } from '../../model/address.ts'
import { type Caller, type Exchange, failed, type Reading } from './client.ts'
import { formatRequest, macBytes, quad, type RequestOption } from './message.ts'
import { splitKlibcRoot } from './root-path.ts'

const LENGTH = 300 // bytes
const BROADCAST_FLAG = 0x8000
const REQUESTED = [1, 3, 6, 12, 15, 17, 26, 28, 40, 119]

export function* klibcDhcp(caller: Caller): Exchange {
  const send = (options: RequestOption[]) =>
    formatRequest({ ...caller, flags: BROADCAST_FLAG, length: LENGTH, options })
  const offer = yield send([
    [53, [1]],
    [55, REQUESTED],
  ])
  if (offer === undefined) return failed('no OFFER: it asks again after 1, 2, 4 … 60 s')
  const offered = readReply(caller, offer)
  if (offered?.type !== 2) return failed('the answer to its DISCOVER is no OFFER for it')
  const ack = yield send([
    [53, [3]],
    [54, quad(offered.serverId ?? 0)],
    [50, quad(offered.address)],
    [55, REQUESTED],
  ])
  if (ack === undefined) return failed('no ACK: it asks again after 1, 2, 4 … 60 s')
  const acknowledged = readReply(caller, ack)
  if (acknowledged?.type !== 5) return failed('the answer to its REQUEST is no ACK for it')
  return { kind: 'bound', reading: readingOf(acknowledged, offered.serverId) }
}

interface Reply {
  readonly type: number
  readonly serverId: number | undefined
  readonly address: number
  readonly siaddr: number
  readonly giaddr: number
  readonly options: ReadonlyMap<number, Buffer>
}

function readReply({ mac, xid }: Caller, reply: Buffer): Reply | undefined {
  if (reply.length < 236 || reply[0] !== 2 || reply.readUInt32BE(4) !== xid) return undefined
  if (!reply.subarray(28, 44).equals(Buffer.from([...macBytes(mac), ...new Array<number>(10).fill(0)])))
    return undefined
  const options = readLast(reply)
  return {
    type: ofLength(options, 53, 1)?.[0] ?? 0,
    serverId: ofLength(options, 54, 4)?.readUInt32BE(0),
    address: reply.readUInt32BE(16),
    siaddr: reply.readUInt32BE(20),
    giaddr: reply.readUInt32BE(24),
    options,
  }
}

/** dhcp_parse and bootp_parse: stops at an option that is cut off, keeps the last of each. */
function readLast(reply: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>()
  if (reply.length < 240 || reply.readUInt32BE(236) !== 0x63825363) return options
  for (let at = 240; at < reply.length && reply[at] !== 255; ) {
    const code = reply[at++] ?? 0
    if (code === 0) continue
    const length = reply[at++] ?? 256
    if (at + length > reply.length) break
    options.set(code, reply.subarray(at, at + length))
    at += length
  }
  return options
}

function ofLength(options: ReadonlyMap<number, Buffer>, code: number, length: number): Buffer | undefined {
  const value = options.get(code)
  return value?.length === length ? value : undefined
}

function readingOf(
  { options, address, siaddr, giaddr, serverId }: Reply,
  offeredBy: number | undefined,
): Reading {
  const text = (code: number) => options.get(code)?.toString('latin1')
  const quads = (code: number, most: number) => {
    const value = options.get(code) ?? Buffer.alloc(0)
    return Array.from({ length: Math.min(most, value.length >> 2) }, (_, i) =>
      formatIpv4(value.readUInt32BE(4 * i)),
    )
  }
  const root = splitKlibcRoot(text(17) ?? '')
  const server = siaddr === 0 ? (serverId ?? 0) : siaddr
  const netmask = ofLength(options, 1, 4)
  const lease = ofLength(options, 51, 4)
  const id = serverId ?? offeredBy
  return {
    address: formatIpv4(address),
    netmask: netmask === undefined ? undefined : formatIpv4(netmask.readUInt32BE(0)),
    gateway: quads(3, 1)[0] ?? (giaddr === 0 ? undefined : formatIpv4(giaddr)),
    dns: quads(6, 2),
    ntp: [],
    hostName: text(12),
    domainName: text(15),
    mtu: ofLength(options, 26, 2)?.readUInt16BE(0),
    leaseSeconds: lease?.readUInt32BE(0),
    serverId: id === undefined ? undefined : formatIpv4(id),
    rootServer: root.server ?? formatIpv4(server),
    rootPath: root.path || undefined,
    rootOptions: root.options,
  }
}
