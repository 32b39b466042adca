/** How the guest in question would boot; what is left out is judged as said at each field. */
export interface KernelRequest {
  /** Undefined: the kernel is good when it can do one of both. */
  readonly type?: 'pv' | 'pvh' | undefined
  /** Undefined: static; what DHCP and BOOTP would need beyond is told as information. */
  readonly boot?: 'static' | 'dhcp' | 'bootp' | undefined
  /** Undefined: 3. */
  readonly nfs?: '3' | '4.0' | '4.1' | '4.2' | undefined
  /** Undefined: tcp, which is what domus always writes. */
  readonly transport?: 'tcp' | 'udp' | undefined
  /** Undefined: anything; what systemd would miss is told as information. */
  readonly userland?: 'systemd' | 'ia32' | undefined
}

/** The two ways to a root over NFS. */
export const BOOT_PATHS = ['in-kernel', 'initramfs'] as const
export type BootPath = (typeof BOOT_PATHS)[number]
