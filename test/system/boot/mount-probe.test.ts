import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localMachine } from '../../../src/machine/local.ts'
import type { Machine } from '../../../src/machine/machine.ts'
import { parseExportTable } from '../../../src/nfs/exportfs-table.ts'
import { tryMount } from '../../../src/service/look/mount-probe.ts'
import { siteOf } from '../../builders/exports.ts'
import { domainDocument, guestFrom, networkDocument, siteDocument } from '../../builders/site.ts'
import { exportAll } from '../nfs/exporting.ts'
import { blocksOf, startGanesha } from '../nfs/ganesha.ts'
import { type Client, type Daemon, openClient, openNetwork } from '../nfs/network.ts'
import { openSandbox, type Sandbox } from '../nfs/sandbox.ts'

// A dom0 with a bridge beside a real NFS server: what the guest would be told is asked with its own address.

let server: Sandbox
let blocks: string
let daemon: Pick<Daemon, 'close'>
let host: Client
let dom0: Machine

beforeAll(async () => {
  server = await openSandbox()
  await openNetwork(server)
  await server.sh(
    'mkdir -p /srv/xen/slack/usr/sbin; cd /srv/xen/slack; ln -s usr/sbin sbin; cp /bin/true usr/sbin/real; ln -s /usr/sbin/real usr/sbin/init',
  )
  host = await openClient(server, '38.99.2.50')
  dom0 = hostMachine(host)
  await host.run([
    'sh',
    '-ec',
    'ip link add xenbr0 type bridge; ip addr flush dev eth0; ip link set eth0 master xenbr0; ip addr add 38.99.2.50/24 dev xenbr0; ip link set xenbr0 up',
  ])
  await exportAll(server.machine, siteOf([['menas', 'slack', '38.99.2.222']], { folder: '/srv/xen' }))
  blocks = blocksOf(parseExportTable(await server.sh('exportfs -s')))
  daemon = await startGanesha(server, blocks)
})
afterAll(async () => {
  await daemon.close()
  await host.close()
  await server.close()
})

/** Commands run in the client's network. */
function hostMachine({ pid }: Client): Machine {
  const local = localMachine()
  return {
    ...local,
    run: (argv, options) => local.run(['nsenter', '-t', String(pid), '-n', '--', ...argv], options),
  }
}

const guestAt = (address: string, over: object = {}) =>
  guestFrom(
    siteDocument({
      images: [{ name: 'slack', server: 'filer', path: '/srv/xen/slack' }],
      domains: [domainDocument({ address, ...over })],
    }),
  )

describe.each(['3', '4.2'])('over NFS %s', (nfsVersion) => {
  test('a guest that is exported to is let in, and its init is found through links', async () => {
    expect(await tryMount(dom0, guestAt('38.99.2.222', { nfsVersion }), '/sbin/init')).toEqual({
      kind: 'known',
      value: { isOk: true, detail: 'it lets 38.99.2.222 mount /srv/xen/slack, and /sbin/init is there' },
    })
  })

  test('the book’s slip, another address than the exported one, is refused', async () => {
    expect(await tryMount(dom0, guestAt('38.99.2.223', { nfsVersion }), '/sbin/init')).toMatchObject({
      kind: 'known',
      value: { isOk: false, detail: expect.stringMatching(/^mount of \/srv\/xen\/slack refused: /) },
    })
  })

  test('an init that is not there is told', async () => {
    expect(await tryMount(dom0, guestAt('38.99.2.222', { nfsVersion }), '/sbin/other')).toMatchObject({
      kind: 'known',
      value: { isOk: false, detail: '/sbin/other on /srv/xen/slack: other is not there' },
    })
  })
})

test('nothing stays on the bridge', async () => {
  await tryMount(dom0, guestAt('38.99.2.222'), '/sbin/init')
  expect((await host.run(['ip', '-4', '-o', 'address', 'show', 'dev', 'xenbr0'])).stdout).not.toContain(
    '38.99.2.222',
  )
})

test('an address that somebody has is not taken from him', async () => {
  const other = await openClient(server, '38.99.2.222')
  try {
    expect(await tryMount(dom0, guestAt('38.99.2.222'), '/sbin/init')).toMatchObject({
      kind: 'unknown',
      reason: expect.stringMatching(/38\.99\.2\.222 is in use already by [0-9a-f:]{17}$/),
    })
  } finally {
    await other.close()
  }
})

test('where the bridge is not the way to the server, nothing is asked', async () => {
  const guest = guestFrom(
    siteDocument({
      networks: [networkDocument({ bridge: 'br9' })],
      images: [{ name: 'slack', server: 'filer', path: '/srv/xen/slack' }],
    }),
  )
  expect(await tryMount(dom0, guest, '/sbin/init')).toEqual({
    kind: 'unknown',
    reason: 'asked from local: its own way to 38.99.2.7 does not go over br9',
  })
})

describe('a server that does not speak every version', () => {
  const serving = async (minors: string, nfsVersion: string) => {
    await daemon.close()
    daemon = await startGanesha(server, blocks, minors)
    return tryMount(dom0, guestAt('38.99.2.222', { nfsVersion }), '/sbin/init')
  }

  test('the one that the guest asks for', async () => {
    expect(await serving('0,1', '4.2')).toEqual({
      kind: 'known',
      value: { isOk: false, detail: 'it does not speak NFS 4.2' },
    })
  })

  test('the one by which we could look its root up', async () => {
    expect(await serving('1,2', '4.1')).toEqual({
      kind: 'unknown',
      reason: 'asked from local: it speaks NFS 4.1, but not 4.0, by which roots are looked up',
    })
  })
})
