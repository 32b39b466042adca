import type { Socket } from 'node:dgram'
import { parseIpv4 } from '../../model/address.ts'
import type { Ipv4, Name } from '../../model/grammar.ts'
import type { DhcpIndex, ServedNetwork } from '../directory.ts'
import { setServerId } from '../directory.ts'
import type { NetworkState } from '../events.ts'
import { openBindFaults } from './bind-faults.ts'
import { addressFor, type LocalAddresses } from './local-addresses.ts'
import { connectUdp, openUdp } from './open-socket.ts'

/** The open sockets of one network. */
export interface Link {
  readonly address: Ipv4
  /** Receives what is sent to our address; sends to relays and to clients that have theirs. */
  readonly unicast: Socket
  /** Bound to our address on that bridge: so its broadcasts leave by that bridge, whatever the routes say. */
  readonly broadcast: Socket
  /** True when `broadcast` is connected to the broadcast address and needs no destination. */
  readonly isConnected: boolean
}

export interface LinkOptions {
  readonly serverPort: number
  readonly clientPort: number
  readonly broadcastAddress: Ipv4
  /** Our address on a network, where it is not to be looked for. */
  readonly bindAddresses: Readonly<Record<Name, Ipv4>>
  /** Descriptors bound by somebody else, one per network. */
  readonly inheritedFds: Readonly<Record<Name, number>>
}

export interface LinkHooks {
  /** Called for each socket that receives; `network` when only messages of that network reach it. */
  opened(socket: Socket, network: Name | undefined): void
  state(network: Name, state: NetworkState, more: { address?: Ipv4; detail?: string }): void
}

export type Links = ReturnType<typeof openLinks>

/**
 * The sockets of all networks: one that receives the broadcasts of every bridge, and two per bridge.
 *
 * `follow` opens and closes them as networks, bridges and addresses come and go; what fails is tried again at the
 * next call.
 */
export function openLinks(index: DhcpIndex, options: LinkOptions, hooks: LinkHooks) {
  const links = new Map<Name, Link>()
  const told = new Map<Name, string>()
  let receiver: Socket | undefined
  let serverPort = options.serverPort // asking the socket is a system call: too much for each packet
  const describeFault = openBindFaults()
  let running = Promise.resolve()

  async function follow(networks: Iterable<ServedNetwork>, addresses: LocalAddresses): Promise<void> {
    const wanted = new Map([...networks].map((network) => [network.name, network]))
    for (const name of [...links.keys()]) if (!wanted.has(name)) closeLink(name)
    for (const name of [...told.keys()]) if (!wanted.has(name)) told.delete(name)
    const blocked = await followReceiver([...wanted.values()])
    for (const network of wanted.values()) await followNetwork(network, addresses, blocked)
  }

  /** The socket for broadcasts; returns why it cannot be opened. Sockets given to us receive their own. */
  async function followReceiver(networks: readonly ServedNetwork[]): Promise<string | undefined> {
    const isNeeded = networks.some(
      ({ name, mode }) => mode !== 'off' && options.inheritedFds[name] === undefined,
    )
    if (!isNeeded) closeReceiver()
    if (receiver !== undefined || !isNeeded) return undefined
    const bind = { address: options.broadcastAddress, port: options.serverPort }
    try {
      receiver = await openUdp(bind)
      serverPort = receiver.address().port
      hooks.opened(receiver, undefined)
      return undefined
    } catch (error) {
      return describeFault(error, bind)
    }
  }

  async function followNetwork(
    network: ServedNetwork,
    addresses: LocalAddresses,
    blocked: string | undefined,
  ) {
    const { name, mode } = network
    if (mode === 'off') {
      closeLink(name)
      return tell(name, 'off', {})
    }
    const address = options.bindAddresses[name] ?? addressFor(network, addresses)
    if (links.get(name)?.address !== address) closeLink(name)
    if (address === undefined) return tell(name, 'waiting', { detail: describeMissing(network) })
    if (network.dhcpServer === undefined) setServerId(index, name, parseIpv4(address))
    try {
      if (!links.has(name)) links.set(name, await openLink(name, address))
    } catch (error) {
      const detail = describeFault(error, { address, port: serverPort })
      return tell(name, 'blocked', { address, detail })
    }
    if (blocked !== undefined) return tell(name, 'blocked', { address, detail: blocked })
    return tell(name, 'listening', { address })
  }

  async function openLink(name: Name, address: Ipv4): Promise<Link> {
    const fd = options.inheritedFds[name]
    if (fd !== undefined) {
      const socket = await openUdp({ fd })
      hooks.opened(socket, name)
      return { address, unicast: socket, broadcast: socket, isConnected: false }
    }
    const bind = { address, port: serverPort }
    const unicast = await openUdp(bind)
    let broadcast: Socket | undefined
    try {
      broadcast = await openUdp(bind)
      await connectUdp(broadcast, options.broadcastAddress, options.clientPort)
    } catch (error) {
      broadcast?.close()
      unicast.close()
      throw error
    }
    hooks.opened(unicast, undefined) // networks may share an address: it does not tell which one asks
    broadcast.on('error', ignore)
    return { address, unicast, broadcast, isConnected: true }
  }

  function closeLink(name: Name): void {
    const link = links.get(name)
    if (link === undefined) return
    links.delete(name)
    link.unicast.close()
    if (link.broadcast !== link.unicast) link.broadcast.close()
  }

  function closeReceiver(): void {
    receiver?.close()
    receiver = undefined
  }

  /** Says a state once, until it changes. */
  function tell(network: Name, state: NetworkState, more: { address?: Ipv4; detail?: string }): void {
    const text = JSON.stringify([state, more])
    if (told.get(network) === text) return
    told.set(network, text)
    hooks.state(network, state, more)
  }

  return {
    find: (network: Name): Link | undefined => links.get(network),
    serverPort: () => serverPort,
    /** One at a time; a call while another runs waits for it. */
    follow(networks: Iterable<ServedNetwork>, addresses: LocalAddresses): Promise<void> {
      running = running.then(() => follow(networks, addresses))
      return running
    },
    close(): void {
      for (const name of [...links.keys()]) closeLink(name)
      closeReceiver()
    },
  }
}

// A broadcast that could not be sent is counted where it was sent; nothing is ever received here.
const ignore = () => undefined

const describeMissing = ({ name, cidr, bridge, dhcpServer }: ServedNetwork) =>
  dhcpServer === undefined
    ? `this machine has no address in ${cidr} of network ${name}: give bridge ${bridge} one`
    : `dhcpServer ${dhcpServer} of network ${name} is no address of this machine: give it to bridge ${bridge}`
