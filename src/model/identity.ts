import { createHash } from 'node:crypto'
import type { Mac, Name } from './grammar.ts'

/** The URL namespace of name-based UUIDs (RFC 9562 §6.6). */
const NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8'

/** The uuid of a domain that gives none: version 5, so the same site and name give the same guest everywhere. */
export function uuidFor(site: Name, domain: Name): string {
  const space = Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex')
  const hash = createHash('sha1').update(space).update(`domus:${site}/${domain}`).digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The mac of a domain that gives none, under Xen's own prefix 00:16:3e; the next free one when `taken` holds it. */
export function macFor(site: Name, domain: Name, taken: ReadonlySet<Mac>): Mac {
  const start = createHash('sha256').update(`${site}/${domain}`).digest().readUIntBE(0, 3)
  for (let step = 0; step < 2 ** 24; step++) {
    const mac = xenMac((start + step) % 2 ** 24)
    if (!taken.has(mac)) return mac
  }
  throw new RangeError('all 16 777 216 addresses under 00:16:3e are taken')
}

const xenMac = (low: number) =>
  `00:16:3e:${low
    .toString(16)
    .padStart(6, '0')
    .replace(/^(..)(..)(..)$/, '$1:$2:$3')}`
