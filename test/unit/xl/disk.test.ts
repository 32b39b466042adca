import { describe, expect, test } from 'vitest'
import { formatDisk, readDisk } from '../../../src/xl/disk.ts'

// Every text of these tables was given to libxlutil 4.17 as well, with the same outcome.
describe('xl reads the disk', () => {
  test.each([
    ['/dev/vg/a,raw,xvda,w', '/dev/vg/a', 'raw', 'xvda', 'w'],
    ['/srv/a.qcow2,qcow2,xvda,r', '/srv/a.qcow2', 'qcow2', 'xvda', 'r'],
    ['/dev/vg/a,,xvda', '/dev/vg/a', 'raw', 'xvda', 'w'],
    ['phy:/dev/vg/a,sda1,w', '/dev/vg/a', 'raw', 'sda1', 'w'],
    ['tap:aio:/srv/a.img,xvda,ro', '/srv/a.img', 'raw', 'xvda', 'r'],
    ['tap:qcow:/srv/a.img,xvda,rw', '/srv/a.img', 'qcow', 'xvda', 'w'],
    ['format=raw, vdev=xvda, access=rw, target=/srv/a,b:c', '/srv/a,b:c', 'raw', 'xvda', 'w'],
    ['/srv/cd.iso,,hdc:cdrom,r', '/srv/cd.iso', 'raw', 'hdc', 'r'],
    ['/dev/vg/a,raw,xvda,w,backendtype=qdisk', '/dev/vg/a', 'raw', 'xvda', 'w'],
  ])('%s', (text, target, format, vdev, access) => {
    expect(readDisk(text)).toMatchObject({ disk: { target, format, vdev, access } })
  })
})

describe('xl refuses the disk', () => {
  test.each([
    ['cow:/srv/a.img,xvda,w', 'cow: is no prefix'],
    ['/srv/a.img,xvda,w', 'xvda is no format'],
    ['/srv/a.img,raw,xvda,w,x', 'too many fields'],
    ['/srv/a.img,raw,xvda,write', 'write is no access'],
    ['/srv/a.img,raw', 'no vdev'],
    ['', 'no vdev'],
    ['vdev=xvda', 'no target'],
    ['format=raw,format=qcow2,vdev=xvda,target=/x', 'given twice'],
    ['/srv/a=b,raw,xvda,w', 'bad disk syntax'],
    ['/srv/a.img,raw,xvda,w,devtype=tape', 'tape is no devtype'],
    ['/srv/a.img,raw,xvda,w,backendtype=file', 'file is no backendtype'],
    ['/srv/a.img,raw,sda:tape,w', 'tape is no type'],
  ])('%s', (text, message) => {
    expect(readDisk(text)).toMatchObject({ message: expect.stringContaining(message) })
  })
})

test.each([
  ['phy:/dev/vg/a,sda1,w', '/dev/vg/a,raw,sda1,w'],
  ['tap:qcow:/srv/a.img,xvda,r', '/srv/a.img,qcow,xvda,r'],
  ['iscsi:iqn.2001.x,xvda,w', 'iqn.2001.x,raw,xvda,w,script=block-iscsi'],
  ['file:/srv/cd.iso,hdc:cdrom,r', '/srv/cd.iso,raw,hdc,r,devtype=cdrom'],
  ['format=raw,vdev=xvda,target=/srv/a,b', 'format=raw,vdev=xvda,access=w,target=/srv/a,b'],
])('%s is today %s', (old, modern) => {
  const read = readDisk(old)
  if ('message' in read) throw new Error(read.message)
  expect(formatDisk(read.disk)).toBe(modern)
  expect(readDisk(modern)).toMatchObject({ disk: { ...read.disk, prefixes: [] } })
})
