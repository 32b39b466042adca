import { readDisk } from '../../xl/disk.ts'
import { fail, type Judge, ok, unknown } from '../check.ts'
import type { DiskLook, HostLook } from '../look.ts'

const SHARED = /^(?:nfs4?|ceph|glusterfs|fuse\.glusterfs|ocfs2|gfs2|cifs|lustre)$/
/** Programs that connect a disk over the network on whichever host they run. */
const NETWORKED = /^block-(?:iscsi|nbd|enbd|drbd|rbd)/

/** Every extra disk is the same thing on both hosts: one that is local would stay behind. */
export const checkDisks: Judge = ({ guest: { domain, host }, to, facts: { source, target } }) => {
  if (domain.disks.length === 0) return ok('it has none of its own')
  if (source.kind === 'unknown') return unknown(source.reason)
  if (target.kind === 'unknown') return unknown(target.reason)
  const faults = domain.disks.flatMap((line) =>
    faultOf(line, source.value, target.value, [host.name, to.name]),
  )
  if (faults.length === 0) return ok('both hosts have the same')
  return fail(faults.join('; '), 'put them on storage that both hosts share, or take them away')
}

function faultOf(
  line: string,
  here: HostLook,
  there: HostLook,
  [from, to]: readonly [string, string],
): string[] {
  const read = readDisk(line)
  if ('message' in read) return [`disk ${line}: ${read.message}`]
  const { target: path, script, isCdrom } = read.disk
  if ((script !== undefined && NETWORKED.test(script)) || (isCdrom && path === undefined)) return []
  if (path === undefined) return [`disk ${line} has no target`]
  const [one, other] = [here.disks.get(path), there.disks.get(path)]
  if (other === undefined || other.type === 'absent') return [`${to} has no ${path}`]
  return isSame(one, other) ? [] : [`${path} is local to ${from}, or nothing shows that ${to} has the same`]
}

function isSame(one: DiskLook | undefined, other: DiskLook): boolean {
  if (one === undefined || one.type !== other.type) return false
  if (one.type === 'block') return one.wwn !== '-' && one.wwn === other.wwn
  return SHARED.test(one.fileSystem) && one.fileSystem === other.fileSystem && one.source === other.source
}
