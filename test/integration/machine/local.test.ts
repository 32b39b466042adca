import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localMachine } from '../../../src/machine/local.ts'
import { MemoryMachine } from '../../fakes/memory-machine.ts'
import { commandContract, fileContract, lockContract } from './contract.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'domus-machine-'))
})
afterAll(() => rm(dir, { recursive: true }))

const local = { open: async () => localMachine(), folder: () => mkdtemp(join(dir, 'x')) }
fileContract('local machine', local)
commandContract('local machine', local)
lockContract('local machine', local)
fileContract('machine in memory', { open: async () => new MemoryMachine(), folder: async () => '/tmp' })

test('a root moves every path', async () => {
  const machine = localMachine({ root: dir })
  await machine.writeFile('/etc/xen/web1.cfg', { content: 'x', mode: 0o644 })
  expect(await readFile(join(dir, 'etc/xen/web1.cfg'), 'utf8')).toBe('x')
  expect(await machine.stat('/etc/xen/web1.cfg')).toMatchObject({ realpath: '/etc/xen/web1.cfg' })
  await machine.removeFile('/etc/xen/web1.cfg')
  expect(await machine.stat('/etc/xen/web1.cfg')).toBeUndefined()
})

test('a lock that was lost says so when it is given back', async () => {
  await localMachine().writeFile(`${dir}/bin/flock`, {
    content: '#!/bin/sh\necho locked; exit 1\n',
    mode: 0o755,
  })
  const machine = localMachine({ env: { PATH: `${dir}/bin:${process.env.PATH}` } })
  const release = await machine.lock(`${dir}/lost.lock`)
  await expect(release()).rejects.toMatchObject({ message: expect.stringContaining('was lost') })
})

test('FreeBSD has lockf in place of flock', async () => {
  const lockf =
    '#!/bin/sh\n[ "$1 $2 $3" = "-k -s -t" ] || exit 64\nshift 4\necho "$@" >>"$LOCKF_LOG"\nshift\nexec "$@"\n'
  await localMachine().writeFile(`${dir}/freebsd/lockf`, { content: lockf, mode: 0o755 })
  for (const name of ['sh', 'cat', 'mkdir', 'dirname']) {
    await localMachine().run([
      'sh',
      '-c',
      'ln -s "$(command -v "$1")" "$2"',
      'sh',
      name,
      `${dir}/freebsd/${name}`,
    ])
  }
  const machine = localMachine({ env: { PATH: `${dir}/freebsd`, LOCKF_LOG: `${dir}/lockf.log` } })
  await (await machine.lock(`${dir}/bsd.lock`))()
  expect(await readFile(`${dir}/lockf.log`, 'utf8')).toContain(`${dir}/bsd.lock sh -c`)
})
