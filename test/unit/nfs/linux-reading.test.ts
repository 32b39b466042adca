import { expect, test } from 'vitest'
import { parseMountInfo, readLook, readTable, readTagged, readTrial } from '../../../src/nfs/linux-reading.ts'

const MOUNTS = `D 24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
D 30 24 0:40 /@ /srv/with\\040blank rw shared:5 - btrfs /dev/vdb rw,subvolid=256
D 31 24 0:41 / /srv/over rw - overlay overlay rw
D 32 24 8:1 / /srv/xen rw - ext4 /dev/sda1 rw
D 33 32 8:2 / /srv/xen rw - xfs /dev/sdb1 rw
`

test('the mount table: the last of several mounts counts, and blanks are blanks', () => {
  const mounts = parseMountInfo(MOUNTS.replaceAll('D ', ''))
  expect(mounts.get('/srv/xen')).toEqual({ mountPoint: '/srv/xen', fileSystem: '8:2', fileSystemType: 'xfs' })
  expect(mounts.get('/srv/with blank')).toMatchObject({ fileSystem: '0:40', fileSystemType: 'btrfs' })
})

test('paths get their file system from the deepest mount above their real path', () => {
  const { paths } = readLook(
    `${MOUNTS}T /srv/xen/a directory\nT /link directory\nT /etc/hosts regular file\nT /srv/xenon directory\nR /srv/xen/a\nR /srv/over/b\nR /etc/hosts\nR /gone\nR /srv/xenon\n`,
    ['/srv/xen/a', '/link', '/etc/hosts', '/gone', '/srv/xenon'],
  )
  expect([...paths.values()]).toEqual([
    {
      kind: 'directory',
      realpath: '/srv/xen/a',
      mountPoint: '/srv/xen',
      fileSystem: '8:2',
      fileSystemType: 'xfs',
      isOnRoot: false,
    },
    {
      kind: 'directory',
      realpath: '/srv/over/b',
      mountPoint: '/srv/over',
      fileSystem: '0:41',
      fileSystemType: 'overlay',
      isOnRoot: false,
    },
    { kind: 'other', type: 'regular file' },
    { kind: 'absent' },
    {
      kind: 'directory',
      realpath: '/srv/xenon',
      mountPoint: '/',
      fileSystem: '254:0',
      fileSystemType: 'ext4',
      isOnRoot: true,
    },
  ])
})

test('answers that do not match the questions are no answers', () => {
  const { paths } = readLook(`${MOUNTS}R /a\n`, ['/a', '/b'])
  expect([...paths.values()].map(({ kind }) => kind)).toEqual(['unknown', 'unknown'])
})

test('the live table: from its file, or as exportfs shows it, or what it says', () => {
  expect(readTable(readTagged('F /var/lib/nfs\nE /a\th(rw)\n'))).toMatchObject({ value: [{ path: '/a' }] })
  expect(readTable(readTagged('L /a  h(rw)\n'))).toMatchObject({ value: [{ path: '/a' }] })
  expect(readTable(readTagged('l exportfs: not allowed\n'))).toEqual({
    kind: 'unknown',
    reason: 'exportfs -s: exportfs: not allowed',
  })
})

test('a trial that did not come to it is unknown, with what stopped it', () => {
  expect(readTrial(readTagged('o unshare: unshare failed: Operation not permitted\n'))).toMatchObject({
    kind: 'unknown',
    reason: expect.stringMatching(/Operation not permitted; exports need root there: run domus as root/),
  })
  expect(readTrial(readTagged('O =ready\nO =exit 1\nO /a\th(ro)\no exportfs: bad\n'))).toMatchObject({
    value: { exitCode: 1, complaint: 'exportfs: bad', exports: [{ path: '/a' }] },
  })
})

test('host names that do not resolve without a network are nobody’s fault', () => {
  const out = 'O =ready\no exportfs: Failed to resolve filer.example.org\no exportfs: /etc/exports:3: bad\n'
  expect(readLook(out, []).others).toMatchObject({ value: { complaint: 'exportfs: /etc/exports:3: bad' } })
})
