import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Ipv4 } from '../../model/grammar.ts'

/** Names who holds a UDP port so that we cannot bind it: `dnsmasq (pid 812)`; undefined when nobody is found. */
export function portHolder(address: Ipv4, port: number): string | undefined {
  const sockets = [...parseUdpTable(read('/proc/net/udp')), ...parseUdpTable(read('/proc/net/udp6'))]
  const wanted = [address, '0.0.0.0']
  const inodes = new Set(
    sockets.filter((one) => one.port === port && wanted.includes(one.address)).map(({ inode }) => inode),
  )
  if (inodes.size === 0) return undefined
  for (const pid of list('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of list(`/proc/${pid}/fd`)) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`)) ?? []
      if (inode !== undefined && inodes.has(inode)) return processName(pid)
    }
  }
  return 'a process of another user'
}

const processName = (pid: string) =>
  Number(pid) === process.pid ? 'this process' : `${read(`/proc/${pid}/comm`).trim()} (pid ${pid})`

interface UdpSocket {
  readonly address: Ipv4
  readonly port: number
  readonly inode: string
}

/** /proc/net/udp: `sl local_address rem_address st … inode`; addresses are hex in host byte order. */
export function parseUdpTable(text: string): UdpSocket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const words = line.trim().split(/\s+/)
      const [hexAddress = '', hexPort = ''] = (words[1] ?? '').split(':')
      const inode = words[9]
      if (inode === undefined) return []
      return [{ address: addressOf(hexAddress), port: Number.parseInt(hexPort, 16), inode }]
    })
}

/** The last four bytes; an IPv6 socket on :: holds 0.0.0.0 too. */
function addressOf(hex: string): Ipv4 {
  const bytes = Buffer.from(hex.slice(-8), 'hex')
  return [...bytes.reverse()].join('.')
}

// Processes come and go while we look, and others' descriptors are not ours to see.
const quietly = <T>(action: () => T, otherwise: T): T => {
  try {
    return action()
  } catch {
    return otherwise
  }
}

const read = (path: string) => quietly(() => readFileSync(path, 'utf8'), '')
const list = (path: string) => quietly(() => readdirSync(path), [])
const link = (path: string) => quietly(() => readlinkSync(path), '')
