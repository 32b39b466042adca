import type { Ipv4 } from '../../model/grammar.ts'
import { portHolder } from './port-holder.ts'

const HOLDER_MS = 30_000 // looking through all processes takes time that answers need

/** Says in words why a socket could not be opened; who holds a port is looked up once in half a minute. */
export function openBindFaults(): (error: unknown, bind: { address: Ipv4; port: number }) => string {
  const holders = new Map<string, { readonly name: string; readonly at: number }>()

  function holderOf(address: Ipv4, port: number): string {
    const key = `${address}:${port}`
    const known = holders.get(key)
    if (known !== undefined && Date.now() - known.at < HOLDER_MS) return known.name
    const name = portHolder(address, port) ?? 'another process'
    holders.set(key, { name, at: Date.now() })
    return name
  }

  return (error, { address, port }) => {
    const code = error instanceof Error && 'code' in error ? error.code : String(error)
    const what = `UDP port ${port} of ${address}`
    if (code === 'EADDRINUSE') return `${what} is held by ${holderOf(address, port)}`
    if (code === 'EACCES') return `${what} cannot be opened: it takes CAP_NET_BIND_SERVICE`
    return `${what} cannot be opened: ${code}`
  }
}
