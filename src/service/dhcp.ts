import { composeCmdline } from '../boot/cmdline.ts'
import { changeOf, servedNetwork } from '../dhcp/change.ts'
import type { ClientName } from '../dhcp/clients/kinds.ts'
import type { DhcpEvent, PacketEvent } from '../dhcp/events.ts'
import { guestWithMac, type SimulateResult, simulate } from '../dhcp/simulate.ts'
import { addressFor, localAddresses } from '../dhcp/socket/local-addresses.ts'
import { type FoundServer, probeNetwork } from '../dhcp/socket/probe.ts'
import { type DhcpService, serveDhcp } from '../dhcp/socket/serve.ts'
import { DomusError } from '../errors.ts'
import { mac as macForm } from '../model/grammar.ts'
import { type Guest, guestOf, type Inventory } from '../model/inventory.ts'
import type { Network } from '../model/network.ts'

/**
 * What our answer to a MAC would be, and what a client makes of it.
 *
 * @throws DomusError 'invalid-input' when the text is no unicast MAC
 */
export function simulateMac(inventory: Inventory, text: string, client: ClientName): SimulateResult {
  const mac = macForm.safeParse(text)
  if (!mac.success) throw new DomusError('invalid-input', `--mac ${text}: ${mac.error.issues[0]?.message}`)
  const guests = [...inventory.domains.values()].map((domain) => guestOf(inventory, domain))
  const guest = guestWithMac(guests, mac.data)
  return guest === undefined ? simulate(guest, mac.data, client, {}) : simulateGuest(guest, client)
}

/** The same for a guest at hand. */
export const simulateGuest = (guest: Guest, client: ClientName): SimulateResult =>
  simulate(guest, guest.domain.mac, client, { nfsOptions: nfsOptionsOf(guest) })

/** The mount options on the guest's own command line: `nfsroot=[path],options`. */
function nfsOptionsOf(guest: Guest): string {
  const words = composeCmdline(guest).split(' ')
  const nfsroot = words.find((word) => word.startsWith('nfsroot='))
  const [, ...options] = nfsroot?.split(',') ?? []
  return options.join(',')
}

/** The UDP ports of server and client. */
export interface DhcpPorts {
  readonly server: number
  readonly client: number
}

/**
 * Asks on a network who else offers addresses there.
 *
 * @throws DomusError 'refused' when this machine has no address on it, or the client port is not to be had
 */
export async function probeServers(
  network: Network,
  { ports, waitMs }: { ports?: DhcpPorts; waitMs?: number } = {},
): Promise<FoundServer[]> {
  const address = addressFor(servedNetwork(network), localAddresses())
  if (address === undefined) {
    const wanted = network.dhcpServer ?? `an address in ${network.cidr}`
    throw new DomusError(
      'refused',
      `cannot probe network ${network.name}: this machine does not have ${wanted}`,
    )
  }
  return probeNetwork({ address, ...(ports && { ports }), ...(waitMs !== undefined && { waitMs }) })
}

/** Listens on all networks of an inventory and tells what would be answered; sends nothing. */
export async function observePackets(
  inventory: Inventory,
  ports: DhcpPorts,
  hear: { packet(packet: PacketEvent): void; event(event: DhcpEvent): void },
): Promise<DhcpService> {
  const guests = [...inventory.domains.values()].map((domain) => guestOf(inventory, domain))
  const change = changeOf(guests, inventory.networks.values())
  const networks = change.networks?.put?.map((one) => ({
    ...one,
    mode: one.mode === 'off' ? one.mode : ('observe' as const),
  }))
  const source = () => ({ ...change, networks: { put: networks ?? [] } })
  const service = await serveDhcp({ source, ports, onEvent: hear.event })
  service.watch(hear.packet)
  return service
}
