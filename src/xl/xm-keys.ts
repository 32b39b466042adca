/** A key of xend's days that xl does not read. */
export interface XmKey {
  /** What xend did with it. */
  readonly was: string
  readonly fix: string
  /** The guest does not boot, or not as meant, without it. */
  readonly isVital: boolean
}

const folded = (what: string): XmKey => ({
  was: `xend put ${what} on the kernel command line`,
  fix: 'put it into cmdline; domus convert does it',
  isVital: true,
})

/** The fix of keys that nothing takes the place of. */
export const LEAVE_OUT = 'leave it out'

const gone = (was: string, fix = LEAVE_OUT): XmKey => ({ was, fix, isVital: false })

// What xm knew as well (3.1 and 4.1), and xl does not.
const OTHERS = `
  blkif bootargs bootentry cpuid_check description fda fdb guest_os_type irq isa loader machine_address_size
  memory_sharing monitor monitor_path netif parallel s3_integrity suppress_spurious_page_faults target tpmif
  usbport vhpt vncconsole vscsi vusb
`

/** @see tools/python/xen/xm/create.py of Xen 4.1; xend left Xen with 4.5 */
export const xmKeys: ReadonlyMap<string, XmKey> = new Map([
  ['nfs_server', folded('the server of the root as nfsroot=')],
  ['nfs_root', folded('the path of the root as nfsroot=')],
  ['ip', folded('the address as ip=')],
  ['netmask', folded('the mask as ip=')],
  ['gateway', folded('the gateway as ip=')],
  ['hostname', folded('the host name as ip=')],
  ['interface', folded('the device as ip=')],
  ['dhcp', folded('the wish for DHCP as ip=')],
  ['broadcast', gone('not even xend passed it on')],
  ['nics', gone('it counted network cards', 'write one entry in vif for each')],
  ['vif2', gone('netchannel2 never left its branch')],
  ['vcpu_avail', gone('it was a mask of the CPUs to begin with', 'write vcpus and maxvcpus')],
  ['cpu', gone('it pinned the first CPU', 'write cpus')],
  ['restart', gone('it stood for on_poweroff, on_reboot and on_crash', 'write these')],
  ['on_xend_start', gone('xend is gone', 'link the config into /etc/xen/auto')],
  ['on_xend_stop', gone('xend is gone', 'set XENDOMAINS_SAVE in /etc/default/xendomains')],
  ['xen_shell', gone('it belongs to another program')],
  ['features', gone('kernels say themselves what they can')],
  ['access_control', gone('it was the label of sHype', 'write seclabel')],
  ['cpu_cap', gone('it bounded the CPU time', 'write cap')],
  ['superpages', gone('PV guests with superpages are gone')],
  ...OTHERS.trim()
    .split(/\s+/)
    .map((key) => [key, gone('xl has nothing for it')] as const),
])
