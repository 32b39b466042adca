import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { composeCmdline } from '../../../src/boot/cmdline.ts'
import { checkXl } from '../../../src/xl/check.ts'
import { anyGuest } from '../../builders/guests.ts'
import { templatesWith } from '../../builders/templates.ts'

const GOOD = `name = "menas"
uuid = "7ccf2d4e-55ec-5050-8e0c-ff3a8c6a362e"
type = "pv"
kernel = "/boot/vmlinuz"
cmdline = "root=/dev/nfs nfsroot=38.99.2.7:/x ip=38.99.2.222:38.99.2.7"
memory = 256
vif = [ "mac=00:16:3e:00:00:01,bridge=xenbr0" ]
`
/** The good config with one line of it replaced, or one added. */
const findings = (line: string) => {
  const key = /^\w+/.exec(line)?.[0] ?? ''
  const lines = GOOD.split('\n').filter((one) => one !== '' && !one.startsWith(`${key} `))
  return checkXl(`${line}\n${lines.join('\n')}\n`).map(
    ({ line: at, severity, code, message, fix }) => `${at} ${severity} ${code}: ${message} (${fix})`,
  )
}

test('of a good config there is nothing to say', () => {
  expect(checkXl(GOOD)).toEqual([])
})

test('of what our template renders there is nothing to say', () => {
  const templates = templatesWith()
  fc.assert(
    fc.property(anyGuest, (guest) => {
      fc.pre(composeCmdline(guest).length <= 1023)
      const said = checkXl(templates.domainXl(guest, composeCmdline(guest)))
      expect(said.filter(({ message }) => !message.includes('number for a domain id'))).toEqual([])
    }),
    { numRuns: 50 },
  )
})

describe('a config with one line changed', () => {
  test.each([
    [
      'memroy = 3',
      '1 warn unknown-key: xl does not know memroy and ignores it without a word (write memory)',
    ],
    ['bogus = 3', 'warn unknown-key: xl does not know bogus'],
    ['memory = "lots"', 'error wrong-value: lots is no number'],
    ['memory = [ "1" ]', 'error wrong-form: memory must be a single value'],
    ['memory += "1"', 'error wrong-form: xl reads no number from memory +='],
    ['memory = 0', 'error wrong-value: 0 is too little'],
    ['vif = "mac=00:16:3e:00:00:01"', 'error wrong-form: vif must be a list'],
    ['vif = [ [ "mac=00:16:3e:00:00:01" ] ]', 'error wrong-form: a list inside the list'],
    [
      'vif = [ "mac=00:16:3e:00:00:01,brige=xenbr0" ]',
      'error vif: xl does not know "brige=xenbr0" and goes on without it (write bridge=)',
    ],
    [
      'vif = [ "mac = 00:16:3e:00:00:01" ]',
      '"mac = 00:16:3e:00:00:01": xl takes no blanks before =, and ignores this (write mac=00:16:3e:00:00:01)',
    ],
    ['vif = [ "mac=00:16:3e:00:00" ]', 'error vif: 00:16:3e:00:00 is no MAC'],
    ['vif = [ "mac=01:16:3e:00:00:00" ]', 'error vif: 01:16:3e:00:00:00 is a group address'],
    ['vif = [ "bridge=xenbr0" ]', 'warn vif: no mac'],
    ['vif = [ "mac=00:16:3e:00:00:01,rate=fast" ]', 'error vif: fast is no rate'],
    ['vif = [ "mac=00:16:3e:00:00:01,type=para" ]', 'error vif: para is no type'],
    ['vif = [ "mac=00:16:3e:00:00:01,netdev=eth0" ]', 'warn vif: netdev is deprecated'],
    [
      'disk = [ "cow:/a,xvda,w" ]',
      'error disk: xl refuses "cow:/a,xvda,w": cow: is no prefix that xl knows (make a qcow2 overlay',
    ],
    [
      'disk = [ "phy:/dev/a,xvda,w" ]',
      'info deprecated: phy: says nothing any more (write /dev/a,raw,xvda,w)',
    ],
    ['disk = [ "/a,raw,xvda,w,direct-io-safe" ]', 'warn disk: direct-io-safe'],
    ['type = "p"', 'warn wrong-value: type p means pv to xl'],
    ['type = ""', 'error wrong-value: an empty type means hvm'],
    ['type = "linux"', 'error wrong-value: xl refuses type linux'],
    ['builder = "linux"', 'error wrong-value: xl refuses builder linux'],
    ['builder = "hvm"', 'error contradiction: builder hvm contradicts type pv'],
    ['builder = "generic"', 'warn deprecated: builder is deprecated'],
    ['uuid = "7ccf"', 'error wrong-value: 7ccf is no UUID'],
    ['name = "my guest"', 'warn wrong-value: blanks in the name'],
    ['name = "17"', 'warn wrong-value: xl commands take a number'],
    ['kernel = "vmlinuz"', 'warn wrong-value: vmlinuz depends on the folder'],
    ['on_reboot = "reboot"', 'error wrong-value: reboot is no action'],
    ['nomigrate = 1', 'info wrong-value: nomigrate only fixes'],
    ['vcpus = 4\nmaxvcpus = 2', 'error contradiction: fewer maxvcpus (2) than vcpus (4)'],
    ['maxmem = 128', 'error contradiction: less maxmem (128) than memory (256)'],
    ['root = "/dev/nfs"', 'warn cmdline: xl ignores root because there is a cmdline'],
    [`cmdline = "${'x'.repeat(1024)}"`, 'error cmdline: the command line has 1024 bytes'],
    [
      'cmdline = "root=/dev/nfs console=hvc0"',
      'error cmdline: the root is to come by NFS, but there is no ip=',
    ],
    ['nfs_server = "38.99.2.7"', 'warn ignored-by-xl: xl ignores nfs_server without a word'],
    ['hostname = "x"', 'warn ignored-by-xl: xl ignores hostname'],
    ['import os', 'error syntax: os where = or += was expected'],
  ])('%s', (line, finding) => {
    expect(findings(line)).toContainEqual(expect.stringContaining(finding))
  })
})

describe('a config with one line missing', () => {
  test.each([
    ['name', 'error', 'refuses a config without name'],
    ['kernel', 'error', 'needs a kernel'],
    ['uuid', 'warn', 'no uuid'],
    ['memory', 'warn', '32 MiB'],
  ])('%s', (key, severity, message) => {
    const text = GOOD.replace(new RegExp(`^${key} .*\n`, 'm'), '')
    expect(checkXl(text)).toContainEqual(
      expect.objectContaining({ key, severity, message: expect.stringContaining(message) }),
    )
  })
})

test('what xend would have put on the command line is an error when nothing else does', () => {
  const text = GOOD.replace(
    /^cmdline.*/m,
    'root = "/dev/nfs"\nnfs_server = "38.99.2.7"\nnfs_root = "/x"\nip = "38.99.2.222"',
  )
  const errors = checkXl(text).filter(({ severity }) => severity === 'error')
  expect(errors.map(({ key, code }) => `${key} ${code}`)).toEqual([
    'root cmdline',
    'nfs_server ignored-by-xl',
    'nfs_root ignored-by-xl',
    'ip ignored-by-xl',
  ])
})

test('the second of two assignments is remarked on, at its place', () => {
  expect(checkXl(`${GOOD}memory = 512\n`)).toEqual([
    expect.objectContaining({ line: 8, column: 1, code: 'repeated', key: 'memory' }),
  ])
})

test('findings come in the order of the text', () => {
  const lines = checkXl('b = 1\na = 2\nmemory = "x"\nname = "n"\n').map(({ line }) => line)
  expect(lines).toEqual(lines.toSorted((a, b) => a - b))
})
