import type { Guest } from '../../model/inventory.ts'
import type { PathFact } from '../../nfs/facts.ts'
import type { BootFacts, ImageTree } from '../facts.ts'
import type { Link } from '../link.ts'
import { type Fault, fail as fault, warn } from '../outcome.ts'
import { judgeOf, worst } from './judge.ts'

const { ok, fail, unknown } = judgeOf('image')

/** The root directory is there, holds an init that can run, and nothing in it fights the NFS root. */
export function imageLink({ image, server, kernel }: Guest, { image: { path, tree } }: BootFacts): Link {
  const what = `${server.name}:${image.path}`
  const missing = pathFault(path, what, image.path)
  if (missing !== undefined) return missing
  if (tree.kind === 'unknown') return unknown(`${what} is a directory; ${tree.reason}`)
  const faults = treeFaults(tree.value, what, kernel.type)
  return worst('image', faults) ?? ok(`${what} has ${tree.value.init}`)
}

function pathFault(path: PathFact, what: string, wanted: string): Link | undefined {
  switch (path.kind) {
    case 'unknown':
      return unknown(path.reason)
    case 'absent':
      return fail(`${what} is not there`, 'make the directory, or correct the path of the image')
    case 'other':
      return fail(`${what} is a ${path.type}, not a directory`, 'correct the path of the image')
    case 'directory':
      if (path.realpath === wanted) return undefined
      return fail(
        `${what} is a link to ${path.realpath}, and the server exports only real paths`,
        `set the path of the image to ${path.realpath}`,
      )
  }
}

/** Machines whose programs run on an x86-64 kernel. */
const X86 = ['x86_64', 'i386']

function treeFaults(tree: ImageTree, what: string, type: string): Fault[] {
  if (tree.init === undefined) {
    return [
      fault(`${what} has no init: neither /sbin/init, /etc/init, /bin/init nor /bin/sh`, 'fill the image'),
    ]
  }
  const faults: Fault[] = []
  if (tree.arch !== undefined && type === 'pv' && !X86.includes(tree.arch)) {
    faults.push(
      fault(`${tree.init} in ${what} is for ${tree.arch}, and PV guests are x86`, 'use another image'),
    )
  }
  if (tree.loader !== undefined && !tree.loader.isThere) {
    faults.push(
      fault(
        `${tree.init} in ${what} needs ${tree.loader.path}, which is not there`,
        'install the C library in the image',
      ),
    )
  }
  return [...faults, ...fstabFaults(tree.fstab ?? ''), ...interfacesFaults(tree.interfaces ?? '')]
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')

/** A line that mounts `/` from a disk makes the guest remount, check or wait for one that is not there. */
function fstabFaults(fstab: string): Fault[] {
  const line = linesOf(fstab).find((one) => {
    const [device = '', mountPoint, type = ''] = one.split(/\s+/)
    return mountPoint === '/' && !type.startsWith('nfs') && device !== '/dev/nfs'
  })
  return line === undefined
    ? []
    : [warn(`its /etc/fstab mounts / from a disk: ${line}`, 'take that line out of /etc/fstab')]
}

/** ifupdown takes the interface down at shutdown, and with it the root. */
function interfacesFaults(interfaces: string): Fault[] {
  const line = linesOf(interfaces).find((one) => /^(?:auto|allow-auto|allow-hotplug)\s.*\beth0\b/.test(one))
  return line === undefined
    ? []
    : [
        warn(
          `its /etc/network/interfaces manages eth0 (${line}): the root goes with it`,
          'leave eth0 out, or set it to manual',
        ),
      ]
}
