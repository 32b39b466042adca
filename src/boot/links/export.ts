import { type Guest, isWritable } from '../../model/inventory.ts'
import type { LiveExport } from '../../nfs/facts.ts'
import type { BootFacts } from '../facts.ts'
import type { Link } from '../link.ts'
import { judgeOf } from './judge.ts'

const { ok, warn, fail, unknown } = judgeOf('export')
const FIX = 'domus apply exports it'

/** The server's live table admits exactly this guest's address to its root, with the access it needs. */
export function exportLink({ domain, server, image }: Guest, { exports }: BootFacts): Link {
  if (exports.kind === 'unknown') return unknown(exports.reason)
  const here = exports.value.filter(({ path }) => path === image.path)
  const own = here.find(({ client }) => client === domain.address)
  const what = `${server.name}:${image.path}`
  if (own !== undefined)
    return judgeOptions(own, isWritable(image), server.kind === 'linux', `${what} to ${domain.address}`)
  const wide = here.find(({ client }) => client === '*' || client === '' || client.includes('/'))
  if (wide !== undefined) {
    return warn(`${what} is exported to ${wide.client || 'everybody'}, not to ${domain.address} alone`, FIX)
  }
  if (here.length === 0) return fail(`${what} is not exported`, FIX)
  return fail(
    `${what} is exported to ${here.map(({ client }) => client).join(', ')}, not to ${domain.address}`,
    FIX,
  )
}

/** Only Linux shows all options of what it exports; elsewhere no news is good news. */
function judgeOptions({ options }: LiveExport, writes: boolean, isLinux: boolean, what: string): Link {
  if (writes && (options.has('ro') || (isLinux && !options.has('rw')))) {
    return fail(`${what} is exported read-only, and the guest writes its root`, FIX)
  }
  if (isLinux && !options.has('no_root_squash')) {
    return fail(
      `${what} is exported without no_root_squash: root in the guest could not read its own files`,
      FIX,
    )
  }
  if (!writes && options.has('rw')) return warn(`${what} is exported rw, and the guest needs ro`, FIX)
  return ok(`${what} is exported ${writes ? 'rw' : 'ro'}`)
}
