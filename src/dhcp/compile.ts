/**
 * Answers are compiled when the inventory changes; per packet only what echoes the request is patched.
 *
 * Compiled options: 51, 53 and 54 (in fixed places), what the inventory says, then the extra options; no end mark.
 * The same bytes serve every client and every message type.
 *
 * @see RFC 2131 §4.3.1 table 3, RFC 1534 for BOOTP clients
 */
import { isIpv4 } from '../model/address.ts'
import type { Name } from '../model/grammar.ts'
import type { Problem } from '../model/problem.ts'
import { formatOptions, type WireOptions } from './codec.ts'
import { OPTIONS_AT } from './packet.ts'
import { DHCP_OPTIONS_LENGTH, MAX_LENGTH } from './replies.ts'
import type { Reservation } from './reservation.ts'

const REPLY_END = 1 // the end mark
const OFFER = 2

export interface CompiledOptions {
  readonly options: Buffer
  /** Where the extra options begin; they are left out when a client takes no message that long. */
  readonly extrasAt: number
}

/** Compiles the options of one reservation. */
export function compileOptions(reservation: Reservation): CompiledOptions {
  const { leaseSeconds, serverId = '0.0.0.0' } = reservation
  const own = formatOptions({ ...commonOptions(reservation), 51: leaseSeconds, 53: OFFER, 54: serverId })
  // The formatter writes rising codes, so 51, 53 and 54 come last: to fixed places they go.
  const dhcpAt = own.length - DHCP_OPTIONS_LENGTH
  const parts = [own.subarray(dhcpAt), own.subarray(0, dhcpAt)]
  if (reservation.options.length > 0) parts.push(formatOptions(extraOptions(reservation)))
  return { options: Buffer.concat(parts), extrasAt: own.length }
}

/** Compiles the options of many reservations, to the same bytes as {@link compileOptions}. */
export function openCompiler(): (reservation: Reservation) => CompiledOptions {
  const models = new Map<Name, Model>() // by network
  return (reservation) => {
    if (reservation.rootPath.length > 255) return compileOptions(reservation) // never passes the check
    const known = models.get(reservation.network)
    const model = known !== undefined && isLike(known.of, reservation) ? known : modelOf(reservation)
    models.set(reservation.network, model)
    return compileLike(model, reservation)
  }
}

/** Options that guests of a network share, compiled with texts of one character in place of their own. */
interface Model extends CompiledOptions {
  readonly of: Reservation
  /** Where host name and root path are. */
  readonly hostNameAt: number
  readonly rootPathAt: number
}

function modelOf(of: Reservation): Model {
  const compiled = compileOptions({ ...of, hostName: '-', rootPath: '-' })
  return {
    of,
    ...compiled,
    hostNameAt: findOption(12, compiled.options),
    rootPathAt: findOption(17, compiled.options),
  }
}

/** Whether two reservations differ in nothing but what is the guest's own; lists of a network are the same object. */
const isLike = (one: Reservation, other: Reservation) => SHARED.every((key) => one[key] === other[key])

const OWN = ['domain', 'network', 'mac', 'address', 'hostName', 'nextServer', 'rootPath'] as const
type Shared = Exclude<keyof Reservation, (typeof OWN)[number]>

const SHARED = Object.keys({
  netmask: true,
  broadcast: true,
  gateway: true,
  dns: true,
  ntp: true,
  domainName: true,
  mtu: true,
  leaseSeconds: true,
  serverId: true,
  options: true,
} satisfies Record<Shared, true>) as Shared[] // its keys are exactly these

function findOption(code: number, options: Buffer): number {
  let at = 0
  while (options[at] !== code) at += 2 + (options[at + 1] ?? options.length)
  return at
}

function compileLike(model: Model, { hostName, rootPath }: Reservation): CompiledOptions {
  const { options, hostNameAt, rootPathAt } = model
  const longer = hostName.length + rootPath.length - 2
  const bytes = Buffer.allocUnsafe(options.length + longer)
  let at = options.copy(bytes, 0, 0, hostNameAt)
  at = addText(12, hostName, bytes, at)
  at += options.copy(bytes, at, hostNameAt + 3, rootPathAt)
  at = addText(17, rootPath, bytes, at)
  options.copy(bytes, at, rootPathAt + 3)
  return { options: bytes, extrasAt: model.extrasAt + longer }
}

function addText(code: number, text: string, into: Buffer, at: number): number {
  into[at] = code
  into[at + 1] = text.length
  into.write(text, at + 2, 'latin1')
  return at + 2 + text.length
}

/** What could not be sent: replies over 548 bytes, options over 255, a mask the kernel takes for unset. */
export function checkReservation(reservation: Reservation, path: string): Problem[] {
  const problems: Problem[] = []
  const { rootPath, netmask, gateway, domain } = reservation
  if (rootPath.length > 255) {
    problems.push({
      path,
      message: `root path ${rootPath} has ${rootPath.length} bytes; DHCP carries at most 255`,
    })
  }
  if (netmask === '255.255.255.255') {
    problems.push({
      path,
      message: `domain ${domain}: a mask of 32 bits reads as unset in the kernel's client`,
    })
  }
  if (gateway !== undefined && !isIpv4(gateway)) {
    problems.push({ path, message: `gateway ${gateway} is not a dotted quad` })
  }
  const tooLong = reservation.options.find(({ value }) => typeof value === 'object' && value.length > 255)
  if (tooLong !== undefined) {
    problems.push({
      path,
      message: `option ${tooLong.code} takes more than 255 bytes with the default route`,
    })
  }
  if (problems.length > 0 || fitsSurely(reservation)) return problems
  const length = OPTIONS_AT + compileOptions(reservation).options.length + REPLY_END
  if (length > MAX_LENGTH) {
    const message = `the DHCP reply for domain ${domain} has ${length} bytes; every client takes ${MAX_LENGTH}, so ${length - MAX_LENGTH} must go from options`
    problems.push({ path, message })
  }
  return problems
}

const MAX_WITHOUT_LISTS = OPTIONS_AT + 47 + REPLY_END // bytes: all common options, their texts and lists empty

/** Whether a reply fits by its texts and lists alone, as nearly all do: ten thousand need no compiling to be judged. */
function fitsSurely({ hostName, domainName = '', rootPath, dns, ntp, options }: Reservation): boolean {
  const texts = hostName.length + domainName.length + rootPath.length
  return options.length === 0 && MAX_WITHOUT_LISTS + texts + 4 * (dns.length + ntp.length) <= MAX_LENGTH
}

function commonOptions(reservation: Reservation): WireOptions {
  const { netmask, gateway, dns, hostName, domainName, rootPath, mtu, broadcast, ntp } = reservation
  return {
    1: netmask,
    ...(gateway === undefined ? {} : { 3: [gateway] }),
    ...(dns.length === 0 ? {} : { 6: dns }),
    12: hostName,
    ...(domainName === undefined ? {} : { 15: domainName }),
    17: rootPath,
    ...(mtu === undefined ? {} : { 26: mtu }),
    28: broadcast,
    ...(ntp.length === 0 ? {} : { 42: ntp }),
  }
}

const extraOptions = (reservation: Reservation): WireOptions =>
  Object.fromEntries(reservation.options.map(({ code, value }) => [code, value]))
