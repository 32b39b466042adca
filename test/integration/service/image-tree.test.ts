import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ImageTree } from '../../../src/boot/facts.ts'
import { localMachine } from '../../../src/machine/local.ts'
import type { Machine } from '../../../src/machine/machine.ts'
import { readTree } from '../../../src/service/look/image-tree.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'domus-tree-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function put(path: string, text: string, mode = 0o644) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text, { mode })
}

function link(path: string, target: string) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  symlinkSync(target, join(root, path))
}

async function look(wanted?: string): Promise<ImageTree> {
  const tree = await readTree(localMachine(), root, wanted)
  if (tree.kind === 'unknown') throw new Error(tree.reason)
  return tree.value
}

test('an empty directory has nothing', async () => {
  expect(await look()).toEqual({
    init: undefined,
    arch: undefined,
    loader: undefined,
    fstab: undefined,
    interfaces: undefined,
    networkManager: undefined,
    networkd: undefined,
    isSystemd: false,
    hasOsRelease: false,
    machineId: undefined,
    hostKeys: [],
  })
})

test('a program of this machine: its architecture and the loader it needs', async () => {
  mkdirSync(join(root, 'bin'))
  copyFileSync('/bin/sh', join(root, 'bin/init'))
  expect(await look()).toMatchObject({ init: '/bin/init', loader: { isThere: false } })
})

test('links are followed below the root, never out of it', async () => {
  put('usr/lib/systemd/systemd', '#!/bin/sh\n', 0o755)
  link('sbin', 'usr/sbin')
  link('usr/sbin/init', '/lib/systemd/systemd')
  link('lib', 'usr/lib')
  link('etc/fstab', '/../../../../../../etc/passwd')
  expect(await look()).toMatchObject({ init: '/sbin/init', isSystemd: true, fstab: undefined })
})

test('an init that the command line asks for is the only one looked at', async () => {
  put('sbin/init', '#!/bin/sh\n', 0o755)
  expect(await look('/usr/sbin/mine')).toMatchObject({ init: undefined, wanted: '/usr/sbin/mine' })
})

test('what manages the network is read where it is enabled', async () => {
  put('etc/network/interfaces', 'source /etc/network/interfaces.d/*\n')
  put('etc/network/interfaces.d/eth0', 'auto eth0\n')
  put('etc/systemd/network/10-all.network', '[Match]\nName=*\n')
  link('etc/systemd/system/multi-user.target.wants/systemd-networkd.service', '/lib/systemd/system/x')
  put('etc/NetworkManager/NetworkManager.conf', '[main]\n')
  const tree = await look()
  expect(tree.interfaces).toContain('auto eth0')
  expect(tree.networkd).toContain('Name=*')
  expect(tree.networkManager).toBeUndefined()
})

test('an enabled NetworkManager is told even without a file of its own', async () => {
  link('etc/systemd/system/multi-user.target.wants/NetworkManager.service', '/lib/systemd/system/x')
  expect((await look()).networkManager).toBe('')
})

test('what says which system it is lies in one place or the other', async () => {
  put('usr/lib/os-release', 'ID=debian\n')
  link('etc/os-release', '../usr/lib/os-release')
  expect(await look()).toMatchObject({ hasOsRelease: true })
})

test('what guests would share: a machine-id and host keys', async () => {
  put('etc/machine-id', '0123456789abcdef0123456789abcdef\n')
  put('etc/ssh/ssh_host_rsa_key', 'secret')
  put('etc/ssh/ssh_host_rsa_key.pub', 'public')
  expect(await look()).toMatchObject({
    machineId: '0123456789abcdef0123456789abcdef\n',
    hostKeys: ['/etc/ssh/ssh_host_rsa_key'],
  })
})

/** This machine, as somebody who is not root. */
function unprivileged(): Machine {
  const machine = localMachine()
  if (process.getuid?.() !== 0) return machine
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  return { ...machine, run: (argv, options) => machine.run([...asNobody, ...argv], options) }
}

test.each(['sbin', 'etc/fstab'])(
  'what the user may not look into is unknown, not absent: %s',
  async (path) => {
    put('sbin/init', '#!/bin/sh\n', 0o755)
    put('etc/fstab', 'proc /proc proc defaults 0 0\n')
    chmodSync(root, 0o755)
    chmodSync(join(root, path), 0)
    const tree = await readTree(unprivileged(), root, undefined)
    chmodSync(join(root, path), 0o700)
    expect(tree).toEqual({
      kind: 'unknown',
      reason: `cannot look into ${join(root, path)}: permission denied to the user who looks`,
    })
  },
)
