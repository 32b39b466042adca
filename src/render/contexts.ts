/** What each template is given. Absent values are false or an empty list, never undefined (compile.ts). */
export interface TemplateContexts {
  'domain/xl.cfg': XlConfig
  'domain/xm.cfg': XmConfig
  'exports/linux': OwnExports
  'exports/freebsd': OwnExports
  'exports/ganesha': GaneshaExports
  'exports/print': PrintedExports
  'dhcp/dnsmasq': DhcpServerConfig
  'dhcp/dhcpd': DhcpServerConfig
  'dhcp/kea': DhcpServerConfig
  'systemd/domus.service': ServiceUnit
  'systemd/domus-dhcp.socket': DhcpSocketUnit
}

export type TemplateName = keyof TemplateContexts

export interface XlConfig extends DomainConfig {
  readonly type: 'pv' | 'pvh'
  readonly cmdline: string
}

/** The form of xend's days: the toolstack composes the command line from these. */
export interface XmConfig extends DomainConfig {
  readonly nfsServer: string
  readonly nfsRoot: string
  readonly hostname: string
  /** The fixed address; false when the guest asks for it. */
  readonly fixed: { readonly ip: string; readonly netmask: string; readonly gateway: string | false } | false
  /** `dhcp` or `bootp`; false when the address is fixed. */
  readonly dhcp: string | false
  readonly extra: string
}

interface DomainConfig {
  readonly name: string
  readonly uuid: string
  readonly kernel: string
  readonly ramdisk: string | false
  readonly memoryMiB: number
  readonly vcpus: number
  /** One `key=value,…` text per network card. */
  readonly vifs: readonly string[]
  readonly disks: readonly string[]
  readonly onPoweroff: string
  readonly onReboot: string
  readonly onCrash: string
}

/** Text that is read back: the lines come from nfs/ as they are, and their hash must be in a comment above them. */
export interface OwnExports {
  readonly site: string
  readonly sha256: string
  /** All lines, without the last newline. */
  readonly body: string
}

export interface GaneshaExports {
  readonly site: string
  readonly exports: readonly {
    readonly id: number
    readonly path: string
    readonly clients: readonly { readonly address: string; readonly access: 'RO' | 'RW' }[]
  }[]
}

export interface PrintedExports {
  readonly site: string
  readonly entries: readonly {
    readonly path: string
    readonly client: string
    readonly access: 'ro' | 'rw'
  }[]
}

/** The reservations of one network for another DHCP server (dhcp/render.ts). */
export interface DhcpServerConfig {
  readonly network: string
  readonly cidr: string
  /** First address of the network. */
  readonly subnet: string
  readonly netmask: string
  readonly broadcast: string
  readonly gateway: string | false
  /** Lists with commas; false when empty. */
  readonly dns: string | false
  readonly ntp: string | false
  readonly domainName: string | false
  readonly mtu: number | false
  readonly leaseSeconds: number
  /** Every extra option of any guest, once, for servers that must be told of it first. */
  readonly codes: readonly number[]
  readonly reservations: readonly DhcpReservation[]
}

export interface DhcpReservation {
  readonly name: string
  readonly mac: string
  readonly address: string
  readonly nextServer: string
  readonly rootPath: string
  readonly options: readonly DhcpOptionText[]
}

/** The value of an extra option: `01:02:ff`, `0102ff`, and as dnsmasq takes it. */
export interface DhcpOptionText {
  readonly code: number
  readonly hex: string
  readonly plainHex: string
  readonly dnsmasq: string
}

/** Runs the service on this machine. */
export interface ServiceUnit {
  /** The command line, word by word. */
  readonly exec: readonly string[]
}

/** Opens the DHCP port of one network for the service. */
export interface DhcpSocketUnit {
  readonly network: string
  readonly bridge: string
  readonly port: string
}
