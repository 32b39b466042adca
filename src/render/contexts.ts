/** What each template is given. Absent values are false or an empty list, never undefined (compile.ts). */
export interface TemplateContexts {
  'domain/xl.cfg': XlConfig
  'domain/xm.cfg': XmConfig
  'exports/linux': OwnExports
  'exports/freebsd': OwnExports
  'exports/ganesha': GaneshaExports
  'exports/print': PrintedExports
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
