import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { entriesOf } from '../../../src/nfs/entries.ts'
import { parseExportTable } from '../../../src/nfs/exportfs-table.ts'
import { ganesha } from '../../../src/nfs/ganesha.ts'
import { owner, serverIn, siteOf } from '../../builders/exports.ts'
import { exportAll } from './exporting.ts'
import { blocksOf, startGanesha } from './ganesha.ts'
import { type Client, type Daemon, openClient, openNetwork } from './network.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

const inventory = siteOf(
  [
    ['menas', 'slack', '38.99.2.222'],
    ['web1', 'deb12', '38.99.2.223'],
  ],
  { shared: ['deb12'], folder: '/srv/xen' },
)

// The same exports twice: as the kernel's server would have them, and as we print them for ganesha.
const SOURCES = [
  [
    'our drop-in, through the real exportfs',
    async (server: Sandbox) => {
      await exportAll(server.machine, inventory)
      return blocksOf(parseExportTable(await server.sh('exportfs -s')))
    },
  ],
  ['our blocks for ganesha', async () => ganesha.render(owner, entriesOf(serverIn(inventory), inventory))],
] as const

describe.each(SOURCES)('a real server with %s', (_what, blocksFor) => {
  let server: Sandbox
  let daemon: Pick<Daemon, 'close'>
  let menas: Client
  let web1: Client
  let stranger: Client

  beforeAll(async () => {
    server = await openSandbox()
    await openNetwork(server)
    await server.sh(
      'mkdir -p /srv/xen/slack /srv/xen/deb12; for d in slack deb12; do echo "$d" >/srv/xen/$d/name; echo secret >/srv/xen/$d/shadow; chmod 600 /srv/xen/$d/shadow; done; echo hello >/srv/new',
    )
    ;[menas, web1, stranger] = await Promise.all([
      openClient(server, '38.99.2.222'),
      openClient(server, '38.99.2.223'),
      openClient(server, '38.99.2.99'),
    ])
    daemon = await startGanesha(server, await blocksFor(server))
  })
  afterAll(async () => {
    await daemon.close()
    await Promise.all([menas, web1, stranger].map((client) => client.close()))
    await server.close()
  })

  describe.each([3, 4])('over NFSv%i', (version) => {
    const url = (path: string) => `nfs://38.99.2.7/srv/xen/${path}?version=${version}&uid=0&gid=0`
    const read = (client: Client, path: string) => client.run(['nfs-cat', url(path)])
    const write = (client: Client, path: string) => client.run(['nfs-cp', '/etc/hostname', url(path)])

    test('a guest reads its root, as root', async () => {
      expect(await read(menas, 'slack/shadow')).toMatchObject({ exitCode: 0, stdout: 'secret' })
    })

    test('a guest writes its root, as root', async () => {
      const name = `written-v${version}`
      expect(await write(menas, `slack/${name}`)).toMatchObject({ exitCode: 0 })
      expect(await server.sh('stat -c "%u:%g" "/srv/xen/slack/$1"; cat "/srv/xen/slack/$1"', name)).toBe(
        await server.sh('echo 0:0; cat /etc/hostname'),
      )
    })

    test('a guest on a shared image reads it, as root', async () => {
      expect(await read(web1, 'deb12/shadow')).toMatchObject({ exitCode: 0, stdout: 'secret' })
    })

    test('a guest on a shared image cannot write it', async () => {
      const { exitCode, stderr } = await write(web1, `deb12/v${version}`)
      expect(exitCode).not.toBe(0)
      expect(stderr).toMatch(/ROFS|Read-only/)
      expect(await server.sh('ls /srv/xen/deb12')).toBe('name\nshadow\n')
    })

    test.each([
      ['the other guest', () => web1, 'slack/name'],
      ['the writer of another root', () => menas, 'deb12/name'],
      ['a stranger, of a root', () => stranger, 'slack/name'],
      ['a stranger, of a shared image', () => stranger, 'deb12/name'],
    ])('%s gets nothing', async (_who, client, path) => {
      const { exitCode, stdout, stderr } = await read(client(), path)
      expect({ isRefused: exitCode !== 0, stdout }).toEqual({ isRefused: true, stdout: '' })
      expect(stderr).toMatch(/MNT3ERR_ACCES|NFS4ERR_NOENT|NFS4ERR_ACCES/)
    })
  })
})
