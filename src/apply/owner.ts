import { readFileSync, readlinkSync } from 'node:fs'
import type { Owner } from '../store/operations.ts'

/** This process, as another one can recognise it. @see proc(5) */
export function processOwner(): Owner {
  return {
    pid: process.pid,
    startTicks: startTicksOf('self') ?? '',
    bootId: bootId(),
    pidNamespace: readlinkSync('/proc/self/ns/pid'),
  }
}

/**
 * Whether a process still lives. One of another pid namespace counts as alive until this machine is booted
 * again: we cannot look, and to undo what somebody is doing is worse than to wait.
 */
export function isOwnerAlive(owner: Owner): boolean {
  if (owner.bootId !== bootId()) return false
  if (owner.pidNamespace !== readlinkSync('/proc/self/ns/pid')) return true
  return startTicksOf(owner.pid) === owner.startTicks
}

const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

// pid (name) state …: the name may hold blanks and brackets, so the fields are counted from the last bracket.
function startTicksOf(pid: number | 'self'): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? undefined : fields[18]
  } catch {
    return undefined // there is no such process
  }
}
