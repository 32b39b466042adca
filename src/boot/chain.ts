import type { Guest } from '../model/inventory.ts'
import type { BootFacts } from './facts.ts'
import { LINKS, type Link, type LinkName } from './link.ts'
import { claimLink } from './links/claim.ts'
import { cmdlineLink } from './links/cmdline.ts'
import { configLink } from './links/config.ts'
import { dhcpLink } from './links/dhcp.ts'
import { exportLink } from './links/export.ts'
import { hostLink } from './links/host.ts'
import { imageLink } from './links/image.ts'
import { kernelLink } from './links/kernel.ts'
import { serverLink } from './links/server.ts'

/** THE TABLE: every link, and what judges it. */
const judges: Record<LinkName, (guest: Guest, facts: BootFacts) => Link> = {
  kernel: kernelLink,
  cmdline: cmdlineLink,
  config: configLink,
  dhcp: dhcpLink,
  export: exportLink,
  image: imageLink,
  server: serverLink,
  host: hostLink,
  claim: claimLink,
}

/** Judges every link of a guest's boot, in boot order: the first that fails is where the boot would end. */
export const verifyGuest = (guest: Guest, facts: BootFacts): Link[] =>
  LINKS.map((link) => judges[link](guest, facts))
