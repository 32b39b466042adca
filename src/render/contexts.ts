/** What each template is given. Absent values are false or an empty list, never undefined (compile.ts). */
export interface TemplateContexts {
  'domain/xl.cfg': XlConfig
  'domain/xm.cfg': XmConfig
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
