import { isIpv4 } from '../model/address.ts'
import {
  type DhcpAnswer,
  type Fault,
  fail,
  isReadOnly,
  nfsVersionOf,
  type Outcome,
  splitOptions,
  warn,
} from './outcome.ts'
import { shellWords, valuesOf } from './words.ts'

/**
 * What a guest ends up with through an initrd of dracut with its nfs and network modules: a model of
 * `95nfs/nfs-lib.sh`, `95nfs/parse-nfsroot.sh`, `40network/net-lib.sh: ip_to_var` and
 * `35network-legacy/parse-ip-opts.sh` (059).
 */
export function dracutOutcome(cmdline: string, answer?: DhcpAnswer): Outcome {
  const words = shellWords(cmdline)
  const ip = parseIp(valuesOf(words, 'ip'))
  const device = ip.faults.length === 0 ? deviceFaults(words, ip.device) : []
  const asks = ip.autoconf === 'dhcp'
  const got = asks ? answer : undefined
  const needsAnswer = asks && answer === undefined
  const hostname = ip.hostname ?? got?.hostname
  const given = parseRoot(words, got)
  const root = given.root && completed(given.root, got, ip.server)
  const path = root?.path.replace('%s', () => hostname ?? got?.address ?? ip.client ?? '')
  const faults = [...ip.faults, ...device, ...given.faults]
  if (root !== undefined && !needsAnswer) faults.push(...rootFaults(root))
  const options = mountOptions(root, words)
  return {
    autoconf: ip.autoconf,
    needsAnswer,
    client: got?.address ?? ip.client,
    netmask: got?.mask ?? ip.netmask,
    gateway: got?.router ?? ip.gateway,
    hostname,
    dns: ip.dns.length > 0 ? ip.dns : (got?.dns ?? []),
    mtu: got?.mtu,
    device: ip.device,
    server: root?.server === '' ? undefined : root?.server,
    path: path === '' ? undefined : path,
    options,
    version: nfsVersionOf(options),
    readOnly: options[0] === 'ro',
    faults,
  }
}

interface Root {
  readonly type: 'nfs' | 'nfs4'
  readonly server: string
  readonly path: string
  readonly options: string
}

/** With root=dhcp, option 17 stands in its place. @see 95nfs/parse-nfsroot.sh, 40network/netroot.sh */
function parseRoot(
  words: readonly string[],
  answer: DhcpAnswer | undefined,
): { root: Root | undefined; faults: Fault[] } {
  const given = valuesOf(words, 'root').at(-1) ?? ''
  const nfsroot = valuesOf(words, 'nfsroot').at(-1) ?? ''
  if (nfsroot !== '' && given !== '/dev/nfs') return noRoot('dracut takes nfsroot= only with root=/dev/nfs')
  if (given === 'dhcp' && answer === undefined) return { root: undefined, faults: [] }
  const root = given === 'dhcp' ? (answer?.rootPath ?? '') : given
  let source = root
  if (root === '/dev/nfs') source = nfsroot === '' ? 'nfs:' : `nfs:${nfsroot}`
  else if (/^(?:\d[^:]*:\/|\/(?!dev\/))/.test(root)) source = `nfs:${root}`
  if (!/^nfs4?(?::|$)/.test(source)) return noRoot(`dracut: Don't know how to handle 'root=${root}'`)
  return { root: splitRoot(source), faults: [] }
}

const noRoot = (message: string) => ({
  root: undefined,
  faults: [fail(message, 'set root=nfs:SERVER:PATH:OPTIONS')],
})

/** `nfs[4]:[SERVER:]PATH[:OPTIONS|,OPTIONS]`. @see 95nfs/nfs-lib.sh: nfsroot_to_var */
function splitRoot(source: string): Root {
  const colon = source.indexOf(':')
  const type = source.slice(0, colon < 0 ? undefined : colon) === 'nfs4' ? 'nfs4' : 'nfs'
  let rest = colon < 0 ? '' : source.slice(colon + 1)
  let server = ''
  const first = rest.indexOf(':/')
  if (first >= 0) {
    server = rest.slice(0, first)
    rest = rest.slice(rest.lastIndexOf(':/') + 1)
  }
  const [path = '', ...more] = rest.split(':')
  const options = more.join(':').replace(/:$/, '')
  const comma = path.indexOf(',')
  return comma < 0
    ? { type, server, path, options }
    : { type, server, path: path.slice(0, comma), options: path.slice(comma + 1) }
}

/**
 * What is missing comes from option 17, which then replaces path and options. A prefix in it counts as the
 * server there: `nfs:/srv/x` is taken for a server called nfs. @see nfsroot_from_dhcp
 */
function completed(root: Root, answer: DhcpAnswer | undefined, ipServer: string): Root {
  if (root.server !== '' && root.path !== '') return root
  const rootPath = answer?.rootPath ?? ''
  const told = rootPath === '' ? root : splitRoot(`${root.type}:${rootPath}`)
  const server =
    [told.server, root.server, ipServer, nonZero(answer?.siaddr), answer?.serverId].find(
      (one) => one !== undefined && one !== '',
    ) ?? ''
  return { ...told, server }
}

const nonZero = (address: string | undefined) => (address === '0.0.0.0' ? undefined : address)

function rootFaults({ server, path, options }: Root): Fault[] {
  const faults: Fault[] = []
  if (!path.startsWith('/')) {
    faults.push(fail('dracut finds no path of the root', 'set root=nfs:SERVER:PATH:OPTIONS'))
  }
  if (!isIpv4(server)) {
    faults.push(fail(`dracut finds no server, but "${server}"`, 'set root=nfs:SERVER:PATH:OPTIONS'))
  }
  if (nfsVersionOf(splitOptions(options)) === undefined) {
    faults.push(warn('no NFS version is given: mount.nfs tries 4.2 first', 'add vers= to the options'))
  }
  return faults
}

/** @see 95nfs/nfs-lib.sh: munge_nfs_options, mount_nfs */
function mountOptions(root: Root | undefined, words: readonly string[]): string[] {
  const given = splitOptions(root?.options ?? '')
  const access = words.some((word) => word === 'ro' || word === 'rw') ? words : given
  const rest = given.filter((option) => !['ro', 'rw', 'lock', 'nolock'].includes(option))
  const lock =
    root?.type === 'nfs4'
      ? given.filter((option) => option === 'lock' || option === 'nolock').slice(-1)
      : ['nolock']
  // With both on the line dracut asks for rw last, whatever their order.
  const isRw = access === words ? words.includes('rw') : !isReadOnly(given)
  return [isRw ? 'rw' : 'ro', ...rest, ...lock]
}

interface Ip {
  readonly autoconf: Outcome['autoconf']
  readonly device: string | undefined
  readonly client: string | undefined
  readonly server: string
  readonly gateway: string | undefined
  readonly netmask: string | undefined
  readonly hostname: string | undefined
  readonly dns: readonly string[]
  readonly faults: readonly Fault[]
}

const ASK: Ip = {
  autoconf: 'dhcp',
  device: undefined,
  client: undefined,
  server: '',
  gateway: undefined,
  netmask: undefined,
  hostname: undefined,
  dns: [],
  faults: [],
}

const DHCP_WORDS = ['dhcp', 'on', 'any', 'single-dhcp']

/** Without ip= a network root asks by DHCP. @see 40network/net-lib.sh: ip_to_var; 35network-legacy/parse-ip-opts.sh */
function parseIp(values: readonly string[]): Ip {
  const value = values.at(-1)
  if (value === undefined) return ASK
  const fields = value.split(':')
  const [first = '', second = ''] = fields
  if (fields.length === 1) return withAutoconf(ASK, first)
  if (['dhcp', 'on', 'any'].includes(second)) return { ...ASK, device: first === '' ? undefined : first }
  const [client, server, gateway, netmask, hostname, device, autoconf, ...dns] = fields.map((field) =>
    field === '' ? undefined : field,
  )
  const isDns = dns[0] !== undefined && isIpv4(dns[0])
  return withAutoconf(
    {
      ...ASK,
      client,
      server: server ?? '',
      gateway,
      netmask,
      hostname,
      device,
      dns: isDns ? dns.slice(0, 2).filter((one) => one !== undefined) : [],
    },
    autoconf ?? 'dhcp',
  )
}

function withAutoconf(ip: Ip, word: string): Ip {
  const down = (message: string, fix: string): Ip => ({
    ...ip,
    autoconf: 'none',
    faults: [fail(message, fix)],
  })
  if (['bootp', 'rarp', 'both'].includes(word)) {
    return down(`dracut: Sorry, ip=${word} is currently unsupported`, 'use boot: dhcp or static')
  }
  if (word === 'none' || word === 'off') {
    if (ip.client === undefined)
      return down(`dracut: '${word}' without static configuration`, 'give ip= an address')
    if (ip.netmask === undefined) return down('dracut guesses no netmask', 'give ip= the mask')
    return { ...ip, autoconf: 'static' }
  }
  if (!DHCP_WORDS.includes(word))
    return down(`dracut: Sorry, unknown value '${word}'`, 'use ip=dhcp or addresses')
  if (ip.client !== undefined) {
    return down(
      `dracut: setting client-ip does not make sense for '${word}'`,
      'leave the address out, or write none',
    )
  }
  return { ...ip, autoconf: 'dhcp' }
}

function deviceFaults(words: readonly string[], device: string | undefined): Fault[] {
  if (device === undefined) return []
  if (device !== 'eth0') {
    return [fail(`the guest has no device ${device}: its first vif is eth0`, 'name eth0 in ip=')]
  }
  if (valuesOf(words, 'net.ifnames').at(-1) === '0') return []
  return [fail('udev renames eth0 to enX0, so dracut finds no eth0', 'add net.ifnames=0')]
}
