/** What udhcpc (busybox 1.35) and dhclient (ISC 4.4) have in common: they read as the RFCs say. */
import { formatIpv4 } from '../../model/address.ts'
import { readOptions } from '../packet.ts'
import { type Caller, type Exchange, failed, type Reading } from './client.ts'
import { formatRequest, macBytes, quad, type RequestOption } from './message.ts'
import { type RootPath, splitDracutRoot, splitKlibcRoot } from './root-path.ts'

/** busybox: sends 61 and 57 = 576; its script gets rootpath and siaddr, and splits them as initramfs-tools does. */
export const udhcpc = (caller: Caller): Exchange =>
  rfcExchange(caller, {
    name: 'udhcpc',
    options: [
      [61, [1, ...macBytes(caller.mac)]],
      [57, [2, 64]],
      [55, [1, 3, 6, 12, 15, 17, 28, 42, 43, 66, 67, 121]],
      [60, [...Buffer.from('udhcp 1.35.0', 'ascii')]],
    ],
    needsServerId: false,
    splitRoot: splitKlibcRoot,
  })

/** ISC dhclient with Debian's list and the root-path dracut adds; dracut takes option 17 apart. */
export const dhclient = (caller: Caller): Exchange =>
  rfcExchange(caller, {
    name: 'dhclient',
    options: [[55, [1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42, 17]]],
    needsServerId: true,
    splitRoot: splitDracutRoot,
  })

interface Habits {
  readonly name: string
  readonly options: readonly RequestOption[]
  /** An OFFER without option 54 is no offer to it. */
  readonly needsServerId: boolean
  readonly splitRoot: (text: string) => RootPath
}

function* rfcExchange(caller: Caller, habits: Habits): Exchange {
  const send = (first: RequestOption[]) =>
    formatRequest({ ...caller, length: 300, options: [...first, ...habits.options] })
  const offer = yield send([[53, [1]]])
  if (offer === undefined) return failed('no OFFER: it keeps asking')
  const offered = readReply(caller, offer)
  if (offered?.type !== 2) return failed('the answer to its DISCOVER is no OFFER for it')
  const serverId = offered.options.get(54)
  if (serverId?.length !== 4 && habits.needsServerId) return failed('the OFFER names no server (option 54)')
  const ack = yield send([
    [53, [3]],
    [50, quad(offered.address)],
    [54, quad(serverId?.length === 4 ? serverId.readUInt32BE(0) : 0)],
  ])
  if (ack === undefined) return failed('no ACK: it starts over')
  const acknowledged = readReply(caller, ack)
  if (acknowledged?.type !== 5) return failed('the answer to its REQUEST is no ACK for it')
  return { kind: 'bound', reading: readingOf(acknowledged, habits) }
}

interface Reply {
  readonly type: number
  readonly address: number
  readonly siaddr: number
  readonly options: ReadonlyMap<number, Buffer>
}

/** Undefined when it is not for this client: xid and MAC must match, the cookie must be there. */
function readReply({ mac, xid }: Caller, reply: Buffer): Reply | undefined {
  if (reply.length < 240 || reply[0] !== 2 || reply.readUInt32BE(4) !== xid) return undefined
  if (reply.toString('hex', 28, 34) !== mac.replaceAll(':', '')) return undefined
  const options = readOptions(reply)
  const type = options?.get(53)?.[0]
  if (options === undefined || type === undefined) return undefined
  return { type, address: reply.readUInt32BE(16), siaddr: reply.readUInt32BE(20), options }
}

function readingOf({ options, address, siaddr }: Reply, { splitRoot }: Habits): Reading {
  const text = (code: number) => options.get(code)?.toString('latin1')
  const quads = (code: number) => {
    const value = options.get(code) ?? Buffer.alloc(0)
    return Array.from({ length: value.length >> 2 }, (_, i) => formatIpv4(value.readUInt32BE(4 * i)))
  }
  const number = (code: number, length: number) => {
    const value = options.get(code)
    return value?.length === length ? value.readUIntBE(0, length) : undefined
  }
  const root = splitRoot(text(17) ?? '')
  const routes = options.get(121)
  return {
    address: formatIpv4(address),
    netmask: quads(1)[0],
    gateway: routes === undefined ? quads(3)[0] : defaultRoute(routes), // RFC 3442
    dns: quads(6),
    ntp: quads(42),
    hostName: text(12),
    domainName: text(15),
    mtu: number(26, 2),
    leaseSeconds: number(51, 4),
    serverId: quads(54)[0],
    rootServer: root.server ?? (siaddr === 0 ? quads(54)[0] : formatIpv4(siaddr)),
    rootPath: root.path || undefined,
    rootOptions: root.options,
  }
}

/** The gateway of the route to 0.0.0.0/0 in option 121. */
function defaultRoute(routes: Buffer): string | undefined {
  for (let at = 0; at < routes.length; ) {
    const prefix = routes[at] ?? 0
    const gatewayAt = at + 1 + Math.ceil(prefix / 8)
    if (gatewayAt + 4 > routes.length) return undefined
    if (prefix === 0) return formatIpv4(routes.readUInt32BE(gatewayAt))
    at = gatewayAt + 4
  }
  return undefined
}
