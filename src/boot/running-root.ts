import type { Ipv4, Mac, Name } from '../model/grammar.ts'
import type { DomainOnHost } from '../toolstack/toolstack.ts'
import { models } from './models.ts'
import type { DhcpAnswer } from './outcome.ts'

/** The NFS root that a running domU was told to mount, by whoever started it. */
export interface RunningRoot {
  readonly server: Ipv4
  readonly path: string
  readonly isWritten: boolean
}

/** A domU that runs now, with what its claims are judged by. */
export type RunningDomain = Pick<DomainOnHost, 'name' | 'domid' | 'uuid'> & {
  readonly host: Name
  readonly macs: readonly Mac[]
  /** Undefined when its command line names none. */
  readonly root: RunningRoot | undefined
}

/**
 * Reads a running domU's command line as its kernel did. `answerTo` says what our DHCP answers a MAC, for guests
 * that leave server or path to it.
 */
export function runningDomain(
  host: Name,
  domain: DomainOnHost,
  answerTo: (mac: Mac) => DhcpAnswer | undefined,
): RunningDomain {
  const { name, domid, uuid, vifs } = domain
  const macs = vifs.map(({ mac }) => mac)
  return { name, domid, uuid, host, macs, root: rootOf(domain, firstAnswer(macs, answerTo)) }
}

const firstAnswer = (macs: readonly Mac[], answerTo: (mac: Mac) => DhcpAnswer | undefined) =>
  macs.map(answerTo).find((answer) => answer !== undefined)

function rootOf({ cmdline, ramdisk }: DomainOnHost, answer: DhcpAnswer | undefined): RunningRoot | undefined {
  if (cmdline === undefined) return undefined
  const { server, path, readOnly } = models[readerOf(cmdline, ramdisk)](cmdline, answer)
  return server === undefined || path === undefined ? undefined : { server, path, isWritten: !readOnly }
}

// Which program made an initrd is not known here; only dracut has a spelling of its own.
const readerOf = (cmdline: string, ramdisk: string | undefined) =>
  ramdisk === undefined ? 'kernel' : /(?:^|\s)root=nfs4?:/.test(cmdline) ? 'dracut' : 'klibc'
