/** The DHCP options domus knows by name: the names of dnsmasq and ISC dhcpd where they agree, types by RFC. */

export type OptionType =
  | 'ip'
  | 'ips'
  /** An even number of addresses, as in option 33. */
  | 'ip-pairs'
  | 'text'
  | 'flag'
  | 'uint8'
  | 'uint16'
  | 'uint16s'
  | 'uint32'
  | 'int32'
  | 'bytes'
  /** Names in DNS form, RFC 3397. */
  | 'domain-list'
  /** RFC 3442. */
  | 'classless-routes'

export interface OptionKind {
  readonly code: number
  readonly name: string
  readonly type: OptionType
}

const rows: readonly (readonly [code: number, name: string, type: OptionType])[] = [
  // RFC 2132, what domus writes itself
  [1, 'subnet-mask', 'ip'],
  [3, 'routers', 'ips'],
  [6, 'domain-name-servers', 'ips'],
  [12, 'host-name', 'text'],
  [15, 'domain-name', 'text'],
  [17, 'root-path', 'text'],
  [26, 'interface-mtu', 'uint16'],
  [28, 'broadcast-address', 'ip'],
  [42, 'ntp-servers', 'ips'],
  [51, 'lease-time', 'uint32'],
  [53, 'message-type', 'uint8'],
  [54, 'server-identifier', 'ip'],
  // RFC 2132, what only clients and relays send, or what belongs to the protocol itself
  [50, 'requested-address', 'ip'],
  [52, 'option-overload', 'uint8'],
  [55, 'parameter-request-list', 'bytes'],
  [56, 'message', 'text'],
  [57, 'max-message-size', 'uint16'],
  [58, 'renewal-time', 'uint32'],
  [59, 'rebinding-time', 'uint32'],
  [61, 'client-identifier', 'bytes'],
  [80, 'rapid-commit', 'bytes'],
  [82, 'relay-agent-information', 'bytes'],
  [90, 'authentication', 'bytes'],
  [118, 'subnet-selection', 'ip'],
  // RFC 2132
  [2, 'time-offset', 'int32'],
  [4, 'time-servers', 'ips'],
  [5, 'ien116-name-servers', 'ips'],
  [7, 'log-servers', 'ips'],
  [8, 'cookie-servers', 'ips'],
  [9, 'lpr-servers', 'ips'],
  [10, 'impress-servers', 'ips'],
  [11, 'resource-location-servers', 'ips'],
  [13, 'boot-size', 'uint16'],
  [14, 'merit-dump', 'text'],
  [16, 'swap-server', 'ip'],
  [18, 'extensions-path', 'text'],
  [19, 'ip-forwarding', 'flag'],
  [20, 'non-local-source-routing', 'flag'],
  [21, 'policy-filter', 'ip-pairs'],
  [22, 'max-dgram-reassembly', 'uint16'],
  [23, 'default-ip-ttl', 'uint8'],
  [24, 'path-mtu-aging-timeout', 'uint32'],
  [25, 'path-mtu-plateau-table', 'uint16s'],
  [27, 'all-subnets-local', 'flag'],
  [29, 'perform-mask-discovery', 'flag'],
  [30, 'mask-supplier', 'flag'],
  [31, 'router-discovery', 'flag'],
  [32, 'router-solicitation-address', 'ip'],
  [33, 'static-routes', 'ip-pairs'],
  [34, 'trailer-encapsulation', 'flag'],
  [35, 'arp-cache-timeout', 'uint32'],
  [36, 'ieee802-3-encapsulation', 'flag'],
  [37, 'default-tcp-ttl', 'uint8'],
  [38, 'tcp-keepalive-interval', 'uint32'],
  [39, 'tcp-keepalive-garbage', 'flag'],
  [40, 'nis-domain', 'text'],
  [41, 'nis-servers', 'ips'],
  [43, 'vendor-encapsulated-options', 'bytes'],
  [44, 'netbios-name-servers', 'ips'],
  [45, 'netbios-dd-server', 'ips'],
  [46, 'netbios-node-type', 'uint8'],
  [47, 'netbios-scope', 'text'],
  [48, 'font-servers', 'ips'],
  [49, 'x-display-manager', 'ips'],
  [60, 'vendor-class-identifier', 'text'],
  [64, 'nisplus-domain', 'text'],
  [65, 'nisplus-servers', 'ips'],
  [66, 'tftp-server-name', 'text'],
  [67, 'bootfile-name', 'text'],
  [68, 'mobile-ip-home-agent', 'ips'],
  [69, 'smtp-server', 'ips'],
  [70, 'pop-server', 'ips'],
  [71, 'nntp-server', 'ips'],
  [72, 'www-server', 'ips'],
  [73, 'finger-server', 'ips'],
  [74, 'irc-server', 'ips'],
  [75, 'streettalk-server', 'ips'],
  [76, 'streettalk-directory-assistance-server', 'ips'],
  // later RFCs
  [100, 'posix-timezone', 'text'], // RFC 4833
  [101, 'tzdb-timezone', 'text'], // RFC 4833
  [108, 'v6-only-preferred', 'uint32'], // RFC 8925
  [114, 'captive-portal', 'text'], // RFC 8910
  [116, 'auto-config', 'uint8'], // RFC 2563
  [119, 'domain-search', 'domain-list'], // RFC 3397
  [121, 'classless-static-routes', 'classless-routes'], // RFC 3442
  [150, 'tftp-servers', 'ips'], // RFC 5859
  [209, 'pxelinux-config-file', 'text'], // RFC 5071
  [210, 'pxelinux-path-prefix', 'text'], // RFC 5071
  [211, 'pxelinux-reboot-time', 'uint32'], // RFC 5071
  [249, 'ms-classless-static-routes', 'classless-routes'], // [MS-DHCPE] §2.2.8
  [252, 'wpad', 'text'],
]

export const OPTIONS: ReadonlyMap<number, OptionKind> = new Map(
  rows.map(([code, name, type]) => [code, { code, name, type }]),
)

/** Other spellings in use: dnsmasq's, and the one-word ones people type. */
const ALIASES: Readonly<Record<string, number>> = {
  netmask: 1,
  router: 3,
  gateway: 3,
  'dns-server': 6,
  dns: 6,
  hostname: 12,
  mtu: 26,
  broadcast: 28,
  'router-discovery-enabled': 31,
  'static-route': 33,
  ntp: 42,
  'ntp-server': 42,
  'vendor-class': 60,
  'vendor-encap': 43,
  'nis-server': 41,
  'log-server': 7,
  'time-server': 4,
  'tftp-server': 66,
  bootfile: 67,
  'classless-static-route': 121,
  'domain-search-list': 119,
  timezone: 101,
}

const codeByName = new Map([...OPTIONS.values()].map(({ code, name }) => [name, code]))

/** The code of an option given by name or number; undefined when there is none of that name. */
export function optionCode(nameOrNumber: string): number | undefined {
  if (/^\d{1,3}$/.test(nameOrNumber)) return Number(nameOrNumber)
  const name = nameOrNumber.replaceAll('_', '-')
  return codeByName.get(name) ?? ALIASES[name]
}

/** Options that domus fills from the inventory, or that are no server's to send, and where to say it instead. */
export const OWNED: Readonly<Record<number, string>> = {
  0: 'it is padding',
  1: "it follows from the network's cidr",
  3: 'use gateway of the network',
  6: 'use dns of the network',
  12: "it is the domain's own name",
  15: 'use domain of the network',
  17: "it follows from the domain's image",
  26: 'use mtu of the network',
  28: "it follows from the network's cidr",
  42: 'use ntp of the network',
  50: 'only clients send it',
  51: 'use leaseSeconds of the network',
  52: 'domus never overloads',
  53: 'it is the message type',
  54: 'it is our own address: use dhcpServer of the network',
  55: 'only clients send it',
  56: 'it belongs to the protocol',
  57: 'only clients send it',
  58: 'it follows from leaseSeconds of the network',
  59: 'it follows from leaseSeconds of the network',
  61: "it is the client's own, echoed as it came",
  80: 'domus answers in two rounds',
  82: "it is the relay's own, echoed as it came",
  90: 'domus does not authenticate DHCP',
  118: 'only clients send it',
  255: 'it is the end mark',
}
