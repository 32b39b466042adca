import type { Command } from 'commander'
import type { DhcpEvent, PacketEvent } from '../dhcp/events.ts'
import { dhcpPortsOf, settingsOf } from './open.ts'
import { note, out } from './output.ts'
import { inventoryFrom } from './render.ts'

interface WatchOptions {
  readonly file?: string
  readonly json?: boolean
}

/**
 * Shows packets until it is interrupted: those of the service where one runs, else what this process hears
 * itself and would answer.
 */
export async function watchDhcp(command: Command, { file, json }: WatchOptions): Promise<void> {
  const show = (packet: PacketEvent) => out(json === true ? jsonLine(packet) : describePacket(packet))
  const settings = await settingsOf(command)
  if (file === undefined && (await followService(settings.socket, show))) return
  note('domus: no service runs: showing what would be answered; nothing is sent')
  const { observePackets } = await import('../service/dhcp.ts')
  const inventory = await inventoryFrom(command, file)
  const service = await observePackets(inventory, dhcpPortsOf(settings), { packet: show, event: showEvent })
  await interrupted()
  await service.close()
}

/** `12:30:01.250 lan 00:16:3e:00:00:01 menas DISCOVER → OFFER to 255.255.255.255` */
export function describePacket({ at, network, mac, domain, type, answer, to, reason }: PacketEvent): string {
  const time = new Date(at).toISOString().slice(11, 23)
  const what =
    reason === undefined ? `→ ${answer} to ${to}` : `– ${reason}${answer === undefined ? '' : ` (${answer})`}`
  return [time, network ?? '-', mac ?? '-', domain ?? '-', type, what].join(' ')
}

const jsonLine = ({ kind: _, at, ...packet }: PacketEvent) =>
  JSON.stringify({ time: new Date(at).toISOString(), ...packet })

function showEvent(event: DhcpEvent): void {
  if (event.kind === 'warning') note(`domus: ${event.message}`)
  if (event.kind !== 'network') return
  const { network, state, address, detail } = event
  note(
    `domus: network ${network}: ${state}${address === undefined ? '' : ` on ${address}`}${detail ? `: ${detail}` : ''}`,
  )
}

/** Reads the packets of a running service (server-sent events); false when none listens on the socket. */
async function followService(socketPath: string, show: (packet: PacketEvent) => void): Promise<boolean> {
  const { request } = await import('node:http')
  const { createInterface } = await import('node:readline')
  const { DomusError } = await import('../errors.ts')
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path: '/v1/dhcp/packets' }, (incoming) => {
      if (incoming.statusCode !== 200) {
        incoming.resume()
        reject(new DomusError('unreachable', `the service on ${socketPath} answers ${incoming.statusCode}`))
        return
      }
      note(`domus: watching the service on ${socketPath}`)
      createInterface({ input: incoming })
        .on('line', (line) => {
          if (line.startsWith('data:')) show(JSON.parse(line.slice(5)) as PacketEvent) // the service has the same type
        })
        .on('close', () => resolve(true))
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(false)
      else
        reject(new DomusError('unreachable', `cannot reach the service on ${socketPath}`, { cause: error }))
    })
    outgoing.end()
  })
}

const interrupted = () =>
  new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
