import { type Guest, isWritable } from '../model/inventory.ts'

/** What an NFS server's log says of a guest's mount. */
export interface MountSign {
  readonly isAllowed: boolean
  readonly detail: string
}

// nfs-utils, support/export/auth.c: auth_authenticate; FreeBSD, usr.sbin/mountd/mountd.c: mntsrv.
const LINUX =
  /\b(authenticated|refused) mount request from ([0-9.]+)(?::\d+)? for (\S+)(?: \([^)]*\))?(?:: (.*))?/
const FREEBSD = /\bmount request (succeeded|denied) from ([0-9.]+) for (\S+)/

const NOT_EXPORTED = /^(?:unmatched host|no export entry|not exported|)$/

/**
 * Reads a line of mountd's log; undefined when it is not about this guest: its address, or from another address its
 * own root, as after an answer of a wrong DHCP server.
 */
export function mountSignOf({ domain, image }: Guest, line: string): MountSign | undefined {
  const [, verdict, from = '', path = '', reason = ''] = LINUX.exec(line) ?? FREEBSD.exec(line) ?? []
  if (verdict === undefined) return undefined
  if (from !== domain.address && !(isWritable(image) && path === image.path)) return undefined
  if (verdict === 'authenticated' || verdict === 'succeeded')
    return { isAllowed: true, detail: `${from} may mount ${path}` }
  const why = NOT_EXPORTED.test(reason.trim())
    ? `${path} is not exported to ${from}`
    : `${from}: ${reason.trim()}`
  return { isAllowed: false, detail: `mount refused: ${why}` }
}
