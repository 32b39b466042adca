import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Inventory } from '../../../src/model/inventory.ts'
import { siteOf } from '../../builders/exports.ts'
import { exportAll } from './exporting.ts'
import { type Client, type Daemon, openClient, openNetwork, startDaemon } from './network.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

const site = (...domains: Parameters<typeof siteOf>[0]) =>
  siteOf(domains, { shared: ['deb12'], folder: '/srv/xen' })
const menas = ['menas', 'slack', '38.99.2.222'] as const
const web1 = ['web1', 'deb12', '38.99.2.223'] as const
const web2 = ['web2', 'deb12', '38.99.2.224'] as const

let server: Sandbox
let clients: Client[]
let daemons: Daemon[]
let mountd: Daemon

beforeAll(async () => {
  server = await openSandbox()
  await openNetwork(server)
  await server.sh('mkdir -p /srv/xen/slack/etc /srv/xen/deb12')
  clients = await Promise.all(
    ['38.99.2.222', '38.99.2.223', '38.99.2.224', '38.99.2.99'].map((address) => openClient(server, address)),
  )
  const rpcbind = startDaemon(server, ['rpcbind', '-f', '-w'])
  await server.sh('timeout 20 sh -c "until rpcinfo -p 127.0.0.1 >/dev/null 2>&1; do :; done"')
  mountd = startDaemon(server, ['rpc.mountd', '-F', '-d', 'all', '-p', '20048'])
  await mountd.said(/Version .* starting/)
  await server.sh('timeout 20 sh -c "until rpcinfo -t 127.0.0.1 mountd 3 >/dev/null 2>&1; do :; done"')
  daemons = [mountd, rpcbind]
})
afterAll(async () => {
  for (const daemon of daemons) await daemon.close()
  await Promise.all(clients.map((client) => client.close()))
  await server.close()
})

/** Who may mount what, as mountd decides; there is no kernel server behind it, so that every mount ends there. */
async function admitted(): Promise<string[]> {
  const found: string[] = []
  for (const path of ['/srv/xen/slack', '/srv/xen/deb12', '/srv/xen/slack/etc', '/srv/xen', '/'])
    for (const { address, run } of clients) {
      const from = mountd.count()
      await run(['nfs-ls', `nfs://38.99.2.7${path}?version=3&nfsport=2049&mountport=20048`])
      const said = await mountd.said(
        new RegExp(`(authenticated|refused) mount request from ${address}[: ].*for ${path} `),
        from,
      )
      if (said.includes('authenticated')) found.push(`${address} ${path}`)
    }
  return found
}

test.each([
  ['the first guest', site(menas), ['38.99.2.222 /srv/xen/slack']],
  [
    'all of them',
    site(menas, web1, web2),
    ['38.99.2.222 /srv/xen/slack', '38.99.2.223 /srv/xen/deb12', '38.99.2.224 /srv/xen/deb12'],
  ],
  ['the readers', site(web1, web2), ['38.99.2.223 /srv/xen/deb12', '38.99.2.224 /srv/xen/deb12']],
  ['nobody', { ...site(menas), domains: new Map() } as Inventory, []],
])('mountd lets in exactly %s, at once and without a signal', async (_who, inventory, expected) => {
  await exportAll(server.machine, inventory)
  const found = await admitted()
  // mountd admits to a directory inside an export as well: it is the same file system to it.
  const inside = found.filter((line) => line.endsWith('/slack/etc'))
  expect(found.filter((line) => !inside.includes(line))).toEqual(expected)
  expect(inside).toEqual(expected.filter((line) => line.endsWith('/slack')).map((line) => `${line}/etc`))
})

test('showmount tells what we exported', async () => {
  await exportAll(server.machine, site(menas, web1))
  expect(await server.sh('showmount -e --no-headers 127.0.0.1 | sort')).toBe(
    '/srv/xen/deb12 38.99.2.223\n/srv/xen/slack 38.99.2.222\n',
  )
})
