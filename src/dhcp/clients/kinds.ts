import type { ClientModel } from './client.ts'
import { kernelBootp, kernelDhcp } from './kernel.ts'
import { klibcDhcp } from './klibc.ts'
import { dhclient, udhcpc } from './rfc-client.ts'

/** The clients `dhcp simulate` knows; `bootp` is the kernel with ip=bootp. */
export type ClientName = 'kernel' | 'klibc' | 'bootp' | 'udhcpc' | 'dhclient'

export const clientModels: Record<ClientName, ClientModel> = {
  kernel: kernelDhcp,
  klibc: klibcDhcp,
  bootp: kernelBootp,
  udhcpc,
  dhclient,
}
