import { z } from 'zod'
import { isIpv4, parseCidr, parseRange } from './address.ts'

/** The one strict grammar of all values that reach a file, a command line or the wire (interface: Grammar). */

export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and -, not starting with -')
export type Name = string

export const bridge = z
  .string()
  .regex(
    /^(?![-.])[A-Za-z0-9._-]{1,15}$/,
    'must be a Linux interface name: 1 to 15 of A-Z a-z 0-9 . _ -, not starting with - or .',
  )

const PATH = /^(?:\/[A-Za-z0-9][A-Za-z0-9._+@=-]*)+$/

/** The same as `path`, for many thousands at once. */
export const isPath = (text: string) => text.length <= 255 && PATH.test(text)

/** Absolute and canonical: no `..`, no doubled or trailing slash, nothing that any of our files would have to quote. */
export const path = z
  .string()
  .max(255, 'must be at most 255 bytes')
  .regex(
    PATH,
    'must be absolute and canonical: parts of A-Z a-z 0-9 . _ + @ = -, each starting with a letter or digit, and not /',
  )

export const ipv4 = z
  .string()
  .refine(isIpv4, 'must be a dotted quad without leading zeros, such as 10.0.0.7; host names are not taken')
export type Ipv4 = string

export const cidr = z.string().refine((text) => {
  const parsed = parseCidr(text)
  return parsed !== undefined && parsed.prefix >= 8 && parsed.prefix <= 30
}, 'must be a network such as 10.0.0.0/24, without host bits, prefix 8 to 30')

export const range = z
  .string()
  .refine(
    (text) => parseRange(text) !== undefined,
    'must be FIRST-LAST, two dotted quads, the lower one first',
  )

/** Six hex pairs with colons, unicast; kept in lower case. */
export const mac = z
  .string()
  .toLowerCase()
  .regex(
    /^[0-9a-f][02468ace](?::[0-9a-f]{2}){5}$/,
    'must be six hex pairs with colons, and unicast (the first pair even)',
  )
export type Mac = string

export const uuid = z
  .string()
  .toLowerCase()
  .regex(
    /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    'must be a UUID such as 6ba7b811-9dad-11d1-80b4-00c04fd430c8',
  )

const HOST =
  '(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*'
const SSH = new RegExp(`^ssh://(?:[a-z_][a-z0-9_-]{0,31}@)?${HOST}(?::(?<port>[1-9]\\d{0,4}))?$`)

/** Where commands run: this machine, or one reached by OpenSSH. */
export const machine = z
  .string()
  .refine((text) => text === 'local' || isSsh(text), 'must be local or ssh://[user@]host[:port]')
export type MachineAddress = string

/** A machine that is not this one. */
export const sshMachine = z.string().refine(isSsh, 'must be ssh://[user@]host[:port]')

function isSsh(text: string): boolean {
  const match = SSH.exec(text)
  return match !== null && Number(match.groups?.port ?? 22) <= 65535
}

const PRINTABLE = /^[ -~]*$/

/** Text that ends up on a kernel command line, inside an xl string: refused rather than escaped. */
export const cmdlineText = z
  .string()
  .regex(PRINTABLE, 'must be printable ASCII')
  .regex(/^[^'"\\]*$/, 'must not hold quotes or a backslash')
  .regex(/^[^%]*$/, 'must not hold %')
  .refine((text) => !/(?:^|\s)(?:root|ip|nfsroot|nfsaddrs)=/.test(text), {
    message: 'must not hold a second root=, ip= or nfsroot=: domus writes these itself',
  })

export const nfsOptions = cmdlineText
  .regex(/^\S*$/, 'must not hold white space')
  .refine((text) => !/(?:^|,)(?:(?:nfs)?vers=|v[234]$|v[234],|minorversion=)/.test(text), {
    message: 'must not choose the NFS version: use nfsVersion',
  })

export const diskLine = z
  .string()
  .min(1)
  .regex(PRINTABLE, 'must be printable ASCII')
  .regex(/^[^'"\\]*$/, 'must not hold quotes or a backslash')

/** Extra DHCP options by name or number; what each takes is known to the DHCP room. */
export const dhcpOptions = z
  .record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))], {
      error: 'must be a text, a number, true or false, or a list of texts and numbers',
    }),
  )
  .default({})
