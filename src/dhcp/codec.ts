/**
 * The only file that knows the npm package `dhcp`: its formatter and its option table.
 *
 * The package's parser and server are not used: they crash, hang and answer for other servers. Its formatter is
 * sound for values that were checked before, which is what options.ts does. Its table is corrected where the
 * type is wrong on the wire (119 and 121 above all) and filled where a code is missing.
 */
import options from 'dhcp/lib/options.js'
import protocol from 'dhcp/lib/protocol.js'
import type { Ipv4, Mac } from '../model/grammar.ts'
import { OPTIONS, type OptionType } from './option-table.ts'
import { OPTIONS_AT } from './packet.ts'

/** A checked value in the package's own form: text for ASCII and addresses, numbers, or a list of these. */
export type WireValue = string | number | readonly string[] | readonly number[]

/** Options by code; the package writes them in rising order of the codes. */
export type WireOptions = Readonly<Record<number, WireValue>>

export interface ReplyHeader {
  readonly yiaddr: Ipv4
  readonly siaddr: Ipv4
  readonly mac: Mac
}

/** A whole reply up to its last option, without the end mark: header, cookie, options. */
export function formatReplyStart(header: ReplyHeader, wire: WireOptions): Buffer {
  const { _data, _w } = protocol.format({
    op: 2,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: 0,
    secs: 0,
    flags: 0,
    ciaddr: UNSET,
    yiaddr: header.yiaddr,
    siaddr: header.siaddr,
    giaddr: UNSET,
    chaddr: header.mac,
    sname: '',
    file: '',
    options: wire,
  })
  return _data.subarray(0, _w - 1)
}

/** The bytes of options alone. */
export function formatOptions(wire: WireOptions): Buffer {
  const start = formatReplyStart({ yiaddr: UNSET, siaddr: UNSET, mac: '00:00:00:00:00:00' }, wire)
  return start.subarray(OPTIONS_AT)
}

const UNSET = '0.0.0.0'

const PACKAGE_TYPES: Record<OptionType, string> = {
  ip: 'IP',
  ips: 'IPs',
  text: 'ASCII',
  uint8: 'UInt8',
  uint16: 'UInt16',
  uint32: 'UInt32',
  int32: 'Int32',
  uint16s: 'UInt16s',
  // Encoded by options.ts, byte by byte.
  flag: 'UInt8',
  bytes: 'UInt8s',
  'ip-pairs': 'IPs',
  'domain-list': 'UInt8s',
  'classless-routes': 'UInt8s',
}

// The table is the package's own, shared by all its users in this process: there is no other user.
for (let code = 1; code < 255; code++) {
  const type = PACKAGE_TYPES[OPTIONS.get(code)?.type ?? 'bytes']
  if (options.opts[code]?.type === type) continue
  options.addOption(code, { name: OPTIONS.get(code)?.name ?? `option ${code}`, type })
}
