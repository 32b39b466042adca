/** What kind of value xl reads from a key. A number may be written with or without quotes. */
export type Form = 'text' | 'number' | 'list' | 'text or list'

// All keys of tools/xl/xl_parse.c in Xen 4.17 and in the development tree of 2026.
const TEXT = `
  acpi_firmware altp2m arm_sci bios bios_path_override boot bootloader bootloader_user builder cmdline
  device_model device_model_override device_model_stubdomain_seclabel device_model_user
  device_model_version device_tree display extra firmware firmware_override gfx_passthru gic_version
  hdtype init_seclabel kernel keymap ms_vm_genid name on_crash on_poweroff on_reboot on_soft_reset
  on_watchdog passthrough pool pvshim_cmdline pvshim_extra pvshim_path ramdisk rdm root seclabel
  smbios_firmware soundhw spice_image_compression spice_streaming_video spicehost spicepasswd
  stubdomain_cmdline stubdomain_kernel stubdomain_ramdisk sve tee timer_mode tsc_mode type uuid
  vendor_device vga vnclisten vncpasswd vuart xauthority
`
const NUMBER = `
  acpi acpi_laptop_slate acpi_s3 acpi_s4 altp2m_count altp2mhvm apic bootloader_restrict cap
  cpu_weight device_model_stubdomain_override dm_restrict driver_domain e820_host extratime hap hpet
  hvm_pirq latency localtime max_event_channels max_grant_frames max_grant_version max_maptrack_frames
  maxmem maxvcpus memory mmio_hole msr_relaxed nestedhvm nographic nomigrate nr_spis nx oos opengl pae
  pci_msitranslate pci_permissive pci_power_mgmt pci_seize period pvshim rdm_mem_boundary
  rtc_timeoffset sdl shadow_memory slice spice spice_clipboard_sharing spiceagent_mouse
  spicedisable_ticketing spiceport spicetls_port spiceusbredirection spicevdagent stdvga
  stubdomain_memory trap_unmapped_accesses usb usbversion vcpus videoram vkb_device vmtrace_buf_kb vnc
  vncdisplay vncunused vncviewer vpmu vpt_align xen_platform_pci xen_platform_pci_bar_uc
  xend_suspend_evtchn_compat xenstore_feature_mask
`
const LIST = `
  channel device_model_args device_model_args_hvm device_model_args_pv device_model_args_pvh disk dtdev iomem ioports irqs llc_colors mca_caps p9 pci pvcalls smbios
  usbctrl usbdev vdispl vfb vif virtio vkb vnuma vsnd vtpm xenstore_quota
`
const TEXT_OR_LIST = `
  bootloader_args cpuid cpus cpus_soft serial usbdevice viridian
`

const wordsOf = (text: string) => text.trim().split(/\s+/)

const entries = (words: string, form: Form) => wordsOf(words).map((key) => [key, form] as const)

/** Every key that xl reads; all others it ignores without a word. */
export const xlKeys: ReadonlyMap<string, Form> = new Map([
  ...entries(TEXT, 'text'),
  ...entries(NUMBER, 'number'),
  ...entries(LIST, 'list'),
  ...entries(TEXT_OR_LIST, 'text or list'),
])

/** The key that was probably meant; undefined when none is like it. */
export const keyLike = (key: string) => nearest(key, [...xlKeys.keys()])

/** The word of a list that is one slip of the finger away: a letter more, less, other, or two swapped; or - for _. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = word.toLowerCase().replaceAll('-', '_')
  return known.find((one) => plain === one || (one.length > 3 && isOneSlip(plain, one)))
}

function isOneSlip(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false
  let start = 0
  while (start < other.length && one[start] === other[start]) start++
  let end = 0
  const spare = Math.min(one.length, other.length) - start
  while (end < spare && one.at(-1 - end) === other.at(-1 - end)) end++
  const [left, right] = [one.slice(start, one.length - end), other.slice(start, other.length - end)]
  if (left.length <= 1 && right.length <= 1) return true
  return left.length === 2 && right.length === 2 && left === `${right[1]}${right[0]}`
}
