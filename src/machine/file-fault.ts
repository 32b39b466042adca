import { DomusError } from '../errors.ts'
import type { MachineAddress } from '../model/grammar.ts'

/** The message of strerror(3) in the C locale, and what a person can do; by errno name. */
const FAULTS: Readonly<Record<string, { text: string; reason: string }>> = {
  EACCES: {
    text: 'Permission denied',
    reason: 'permission denied: domus has to run as a user who may do this',
  },
  EPERM: {
    text: 'Operation not permitted',
    reason:
      'not permitted: the file or its folder is immutable or append-only (see lsattr), or we are not root',
  },
  EROFS: { text: 'Read-only file system', reason: 'read-only file system: remount it read-write' },
  ENOSPC: { text: 'No space left on device', reason: 'no space left on device: the disk is full' },
  EDQUOT: { text: 'Disk quota exceeded', reason: 'disk quota exceeded' },
  EBUSY: {
    text: 'Device or resource busy',
    reason:
      'it is a mount point, such as a bind-mounted file, which cannot be replaced: mount its folder instead',
  },
  EISDIR: { text: 'Is a directory', reason: 'it is a directory' },
  ENOTDIR: { text: 'Not a directory', reason: 'a part of the path is not a directory' },
  EEXIST: { text: 'File exists', reason: 'a part of the path is not a directory' },
  ELOOP: { text: 'Too many levels of symbolic links', reason: 'too many levels of symbolic links' },
  ENAMETOOLONG: { text: 'File name too long', reason: 'file name too long' },
  EIO: { text: 'Input/output error', reason: 'input/output error: the disk or its server fails' },
  EFBIG: { text: 'File too large', reason: 'file too large' },
}

export type FileAction = 'read' | 'write' | 'remove' | 'look at' | 'lock'

/** The error of a file operation: machine, path and reason, with what to do about it. */
export function fileFault(
  address: MachineAddress,
  action: FileAction,
  path: string,
  cause: unknown,
): DomusError {
  const text = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const fault = Object.entries(FAULTS).find(([name, one]) => name === code || text.includes(one.text))?.[1]
  const reason = fault?.reason ?? text.trim().replaceAll('\n', '; ')
  return new DomusError('command-failed', `cannot ${action} ${path} on ${address}: ${reason}`, { cause })
}

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Decodes UTF-8; a file of another encoding is refused, since writing it back would change its bytes. */
export function decodeText(address: MachineAddress, path: string, bytes: Uint8Array): string {
  try {
    return STRICT_UTF8.decode(bytes)
  } catch (cause) {
    throw new DomusError('command-failed', `cannot read ${path} on ${address}: it is not UTF-8 text`, {
      cause,
    })
  }
}
