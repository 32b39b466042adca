import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkCmdline } from '../../../src/boot/cmdline.ts'
import { kernelOutcome } from '../../../src/boot/kernel-client.ts'
import { checkXl } from '../../../src/xl/check.ts'
import { convertXm } from '../../../src/xl/convert.ts'
import { lint } from '../../../src/xl/lint.ts'
import { anyGuest } from '../../builders/guests.ts'
import { templatesWith } from '../../builders/templates.ts'

const OPTIONS = 'vers=3,tcp,hard,rsize=1048576,wsize=1048576'

test('the book’s guest', () => {
  const { text, changes, left } = convertXm(`# menas
kernel = "/boot/vmlinuz-nfsroot"   # built here
memory = 256
name = "menas"
vif = [ 'mac=00:16:3e:00:00:03, bridge=xenbr0' ]
builder='linux'
root = "/dev/nfs"
nfs_server = '38.99.2.7'
nfs_root   = '/usr/xen/images/slack'
ip = "38.99.2.222"
netmask="255.255.255.0"
broadcast="38.99.2.255"
gateway="38.99.2.1"
hostname = "menas"
extra = "3"
`)
  expect(text).toBe(`# menas
kernel = "/boot/vmlinuz-nfsroot"   # built here
memory = 256
name = "menas"
vif = [ 'mac=00:16:3e:00:00:03, bridge=xenbr0' ]
type = "pv"
cmdline = "root=/dev/nfs ip=38.99.2.222:38.99.2.7:38.99.2.1:255.255.255.0:menas:eth0:off nfsroot=38.99.2.7:/usr/xen/images/slack,${OPTIONS} 3"
`)
  expect(left).toEqual([])
  expect(changes.map(({ line, key }) => `${line} ${key}`)).toEqual([
    '6 builder',
    '7 root',
    '8 nfs_server',
    '9 nfs_root',
    '10 ip',
    '11 netmask',
    '12 broadcast',
    '13 gateway',
    '14 hostname',
    '15 extra',
  ])
  expect(changes.find(({ key }) => key === 'nfs_root')?.message).toBe(
    `is now in cmdline: nfsroot=38.99.2.7:/usr/xen/images/slack,${OPTIONS}`,
  )
})

const converted = (lines: string) => convertXm(`${lines}\n`).text.trimEnd()

describe('one thing at a time', () => {
  test.each([
    [
      'dhcp="dhcp"\nroot="/dev/nfs"',
      'cmdline = "root=/dev/nfs ip=::::::dhcp"'.replace('::::::', ':::::eth0:'),
    ],
    ['root="/dev/hda1 ro"\nextra="4"', 'cmdline = "root=/dev/hda1 ro 4"'],
    ['root="root=/dev/xvda"', 'cmdline = "root=/dev/xvda"'],
    ['ip="1.2.3.4"\nextra="ip=dhcp"', 'cmdline = "ip=dhcp"'],
    ['nfs_server="1.2.3.4"\nnfs_root="/x,v3"', 'cmdline = "nfsroot=1.2.3.4:/x,v3"'],
    ['hostname="x"', ''],
    ['builder="hvm"', 'type = "hvm"'],
    ['disk=["phy:/dev/a,sda1,w", "/x,raw,xvdb,r"]', 'disk = [ "/dev/a,raw,sda1,w", "/x,raw,xvdb,r" ]'],
    ["disk=['/x,raw,xvdb,r']", "disk=['/x,raw,xvdb,r']"],
    ['vif=["mac = 00:16:3e:00:00:01"]', 'vif = [ "mac=00:16:3e:00:00:01" ]'],
    ['nics=2\nvif=["mac=00:16:3e:00:00:01"]', 'vif = [ "mac=00:16:3e:00:00:01", "" ]'],
    ['nics=2', 'vif = [ "", "" ]'],
    ['vcpus=4\nvcpu_avail=3', 'vcpus = 2\nmaxvcpus = 4'],
    ['cpu=-1', ''],
    ['cpu=2', 'cpus = "2"'],
    [
      'restart="always"\non_crash="destroy"',
      'on_poweroff = "restart"\non_reboot = "restart"\non_crash="destroy"',
    ],
    ['localtime=True', 'localtime = 1'],
    ['kernel=None', ''],
    ['a="x"\nname=a+"y"', 'name = "xy"'],
    ['memory=128\nmemory=256', 'memory=256'],
    ['import os\nmemory=256', 'memory=256'],
    ['name="x"\r\nmemory=256\r\n', 'name="x"\nmemory=256'],
    ['ip="1.2.3.4" # ours', 'cmdline = "ip=1.2.3.4:::::eth0:off" # ours'],
    ['memory=1; netmask="x"; vcpus=1', 'memory=1;  vcpus=1'],
  ])('%j becomes %j', (xm, xl) => {
    expect(converted(xm).replaceAll(/ +;/g, ';').replaceAll(/;\s*;/g, '; ')).toBe(xl)
  })
})

describe('what cannot be converted stays in sight', () => {
  test.each([
    ['disk=["cow:/x,xvda,w"]', 'disk', 'cow: is no prefix', 'disk=["cow:/x,xvda,w"]'],
    ['if x:\n  a=1', '', 'Python statement', '# not converted: if x:\n# not converted:   a=1'],
    ['name="x"\nmemory="256', '', 'the string does not end', 'name="x"\n# not converted: memory="256'],
    ['memory=f()', '', 'f is not set', '# not converted: memory=f()'],
    ['nfs_root="/x"', 'nfs_root', 'nfs_root without nfs_server', ''],
    ['restart="maybe"', 'restart', 'restart has no maybe', 'restart="maybe"'],
  ])('%j', (xm, key, message, text) => {
    const { left } = convertXm(`${xm}\n`)
    expect(left).toEqual([expect.objectContaining({ key, message: expect.stringContaining(message) })])
    expect(converted(xm)).toBe(text)
  })
})

test('a config of xl is left as it is', () => {
  const text = 'name = "x"\nmemory = 256 # c\nvif = [ "mac=00:16:3e:00:00:01" ]\n'
  expect(convertXm(text)).toEqual({ text, changes: [], left: [] })
})

test('what we render for xm and convert makes the same guest', () => {
  const templates = templatesWith()
  const asXm = anyGuest.filter(
    (guest) =>
      guest.kernel.initrd === undefined &&
      guest.domain.boot === 'static' &&
      checkCmdline(guest, { dialect: 'kernel' }).length === 0,
  )
  fc.assert(
    fc.property(asXm, (guest) => {
      const { text, left } = convertXm(templates.domainXm(guest))
      expect(left).toEqual([])
      expect(checkXl(text).filter(({ severity }) => severity === 'error')).toEqual([])
      expect(kernelOutcome(lint(text).cmdline)).toMatchObject({
        client: guest.domain.address,
        server: guest.server.address,
        path: guest.image.path,
        gateway: guest.network.gateway,
        hostname: guest.domain.name,
      })
    }),
    { numRuns: 40 },
  )
})

test('any text is converted without a crash, and into something that xl reads or that is named', () => {
  const scraps = fc.array(
    fc.constantFrom(
      'name',
      'ip',
      'disk',
      'vif',
      '=',
      '+',
      '[',
      ']',
      ',',
      ';',
      '\n',
      "'x'",
      '"',
      '#',
      '7',
      ' ',
      'if',
    ),
  )
  fc.assert(
    fc.property(scraps, (parts) => {
      const { text, left } = convertXm(parts.join(''))
      const syntax = checkXl(text).filter(({ code }) => code === 'syntax')
      expect(left.length > 0 || syntax.length === 0).toBe(true)
    }),
  )
})
