import type { Ipv4 } from '../model/grammar.ts'

/** What a DHCP or BOOTP server answers, as far as boot clients read it; an absent option was not sent. */
export interface DhcpAnswer {
  /** yiaddr. */
  readonly address: Ipv4
  readonly mask?: Ipv4
  readonly router?: Ipv4
  /** Option 17. */
  readonly rootPath?: string
  /** Next server; absent is 0.0.0.0. */
  readonly siaddr?: Ipv4
  /** Option 54. */
  readonly serverId?: Ipv4
  readonly hostname?: string
  readonly dns?: readonly Ipv4[]
  readonly ntp?: readonly Ipv4[]
  readonly mtu?: number
}

/** What a guest ends up with after its boot code has read the command line and the answer. */
export interface Outcome {
  /** How the address is found; `none` when the network stays down. */
  readonly autoconf: 'static' | 'dhcp' | 'bootp' | 'none'
  /** Some of the rest is undefined because it would come with an answer that was not given. */
  readonly needsAnswer: boolean
  readonly client: Ipv4 | undefined
  readonly netmask: Ipv4 | undefined
  readonly gateway: Ipv4 | undefined
  readonly hostname: string | undefined
  readonly dns: readonly Ipv4[]
  readonly mtu: number | undefined
  /** The one network device that is configured; undefined means whichever is found. */
  readonly device: string | undefined
  readonly server: Ipv4 | undefined
  readonly path: string | undefined
  /** All mount options in force, in order: of two that contradict, the later counts. */
  readonly options: readonly string[]
  /** Such as 3 or 4.2; undefined when mount and server settle it between them. */
  readonly version: string | undefined
  readonly readOnly: boolean
  readonly faults: readonly Fault[]
}

/** `fail`: the guest does not reach its root; `warn`: it does, but not as anyone would want. */
export interface Fault {
  readonly severity: 'fail' | 'warn'
  readonly message: string
  readonly fix?: string
}

export const fail = (message: string, fix?: string): Fault => ({
  severity: 'fail',
  message,
  ...(fix !== undefined && { fix }),
})

export const warn = (message: string, fix?: string): Fault => ({ ...fail(message, fix), severity: 'warn' })

/** Splits a list of mount options; empty ones count for nothing. */
export const splitOptions = (text: string) => text.split(',').filter((option) => option !== '')

/** The value of the last `name=value` among options. */
export function optionValue(options: readonly string[], name: string): string | undefined {
  const option = options.findLast((one) => one.startsWith(`${name}=`))
  return option?.slice(name.length + 1)
}

/** The NFS version that options ask for: the last of vers=, nfsvers=, v3 and the like; minorversion= completes a plain 4. */
export function nfsVersionOf(options: readonly string[]): string | undefined {
  let version: string | undefined
  let minor: string | undefined
  for (const option of options) {
    const [, asked] = /^(?:(?:nfs)?vers=|v)(2|3|4(?:\.[012])?)$/.exec(option) ?? []
    if (asked !== undefined) version = asked
    if (option.startsWith('minorversion=')) minor = option.slice('minorversion='.length)
  }
  if (version !== '4') return version
  return `4.${minor ?? '0'}`
}

/** Whether the last of rw and ro on a command line is ro; readers of all kinds start read-only. */
export const isReadOnly = (words: readonly string[]) =>
  words.findLast((word) => word === 'ro' || word === 'rw') !== 'rw'

/** The mask that a client guesses from the address alone when it is told none. */
export function classMask(address: Ipv4): Ipv4 | undefined {
  const first = Number(address.split('.')[0])
  if (first < 128) return '255.0.0.0'
  if (first < 192) return '255.255.0.0'
  if (first < 224) return '255.255.255.0'
  return undefined
}
