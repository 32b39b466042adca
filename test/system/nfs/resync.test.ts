import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Tools } from '../../../src/service/app.ts'
import { previewResync, resyncExports } from '../../../src/service/exports.ts'
import { siteOf } from '../../builders/exports.ts'
import { exportAll } from './exporting.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

const site = siteOf([['menas', 'slack', '38.99.2.222']], { folder: '/srv/xen' })

let box: Sandbox
let tools: Tools

beforeEach(async () => {
  box = await openSandbox()
  await box.sh('mkdir -p /srv/xen/slack /srv/a /srv/b')
  await exportAll(box.machine, site)
  const used: Pick<Tools, 'machines'> = { machines: () => box.machine }
  tools = used as Tools // a resync uses nothing else
})
afterEach(() => box.close())

const table = () => box.sh('exportfs -s | sed "s/(.*//" | sort')

test('a resync shows what others have pending, and carries it out', async () => {
  await box.sh(
    'exportfs -i -o ro,no_subtree_check 10.0.0.1:/srv/a; echo "/srv/b localhost(ro,sync,no_subtree_check)" >/etc/exports',
  )
  const view = await previewResync(tools, site, 'filer')
  expect(view).toMatchObject({
    added: [expect.stringMatching(/^\/srv\/b localhost\(/)],
    removed: [expect.stringMatching(/^\/srv\/a 10\.0\.0\.1\(/)],
    changed: [],
    complaint: '',
    refusals: [],
  })
  expect(await table()).toBe('/srv/a  10.0.0.1\n/srv/xen/slack  38.99.2.222\n')
  expect(await resyncExports(tools, site, view)).toBe('')
  expect(await table()).toBe('/srv/b  localhost\n/srv/xen/slack  38.99.2.222\n')
})

test('options that change are shown as they are and as they will be', async () => {
  await box.sh(
    'exportfs -i -o ro,no_subtree_check 10.0.0.1:/srv/a; echo "/srv/a 10.0.0.1(rw,no_subtree_check)" >/etc/exports',
  )
  const { changed } = await previewResync(tools, site, 'filer')
  expect(changed).toEqual([{ from: expect.stringContaining(',ro,'), to: expect.stringContaining(',rw,') }])
})

test('nothing pending is nothing to do', async () => {
  expect(await previewResync(tools, site, 'filer')).toEqual({
    server: 'filer',
    added: [],
    removed: [],
    changed: [],
    complaint: '',
    refusals: [],
  })
})

test('a line of theirs that would win over ours stops it', async () => {
  await box.sh('echo "/srv/xen/slack 38.99.2.222(ro,sync,no_subtree_check)" >/etc/exports')
  const view = await previewResync(tools, site, 'filer')
  expect(view.refusals).toEqual([
    expect.stringContaining('/srv/xen/slack 38.99.2.222, which is the root of a guest'),
  ])
  await expect(resyncExports(tools, site, view)).rejects.toMatchObject({ code: 'refused' })
  expect(await box.sh('exportfs -s')).toContain('rw,no_root_squash')
})

test('what was not shown is not done', async () => {
  const view = await previewResync(tools, site, 'filer')
  await box.sh('echo "/srv/b 10.0.0.1(ro,sync,no_subtree_check)" >/etc/exports')
  await expect(resyncExports(tools, site, view)).rejects.toMatchObject({ code: 'stale-plan' })
  expect(await table()).toBe('/srv/xen/slack  38.99.2.222\n')
})

test('broken lines of theirs are told, and the rest is done', async () => {
  await box.sh(
    'printf "/srv/a 10.0.0.1(ro,sync,no_subtree_check)\\n/srv/b 10.0.0.1(nonsense)\\n" >/etc/exports',
  )
  const view = await previewResync(tools, site, 'filer')
  expect(view.complaint).toContain('/etc/exports:2: unknown keyword "nonsense"')
  expect(await resyncExports(tools, site, view)).toContain('nonsense')
  expect(await table()).toBe('/srv/a  10.0.0.1\n/srv/xen/slack  38.99.2.222\n')
})

test('a disk without room for the table stops it, since exportfs would lose everything', async () => {
  await box.sh('echo "/srv/b 10.0.0.1(ro,sync,no_subtree_check)" >/etc/exports')
  const view = await previewResync(tools, site, 'filer')
  await box.sh(
    'mount -o remount,size=200k /var/lib/nfs; dd if=/dev/zero of=/var/lib/nfs/fill bs=1k 2>/dev/null || true',
  )
  await expect(resyncExports(tools, site, view)).rejects.toThrow('no room for the table in /var/lib/nfs')
  expect(await table()).toBe('/srv/xen/slack  38.99.2.222\n')
})
