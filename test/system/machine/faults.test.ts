import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localMachine } from '../../../src/machine/local.ts'
import type { Machine } from '../../../src/machine/machine.ts'
import { sshMachine } from '../../../src/machine/ssh.ts'

const FAKE_SSH = resolve(import.meta.dirname, '../../fakes/fake-ssh.sh')
const NEW = { content: 'new\n', mode: 0o644 }

let dir: string
let small: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'domus-faults-'))
  await chmod(dir, 0o755)
  small = join(dir, 'small')
  await mkdir(small)
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0755', 'dm-faults', small])
})
afterAll(async () => {
  await execa('umount', [small])
  await rm(dir, { recursive: true })
})

const adapters: [string, () => Machine][] = [
  ['local', () => localMachine()],
  ['ssh', () => sshMachine('ssh://dom0a', { command: FAKE_SSH })],
]

describe.each(adapters)('what goes wrong with a write: %s machine', (_name, open) => {
  let machine: Machine
  let folder: string
  let file: string
  beforeAll(async () => {
    machine = open()
    folder = await mkdtemp(join(small, 'x'))
    file = join(folder, 'file')
    await writeFile(file, 'old\n')
  })
  afterAll(async () => {
    await machine.close()
    await rm(folder, { recursive: true })
  })

  /** The write is refused for that reason, the old file is there whole, and nothing else. */
  async function expectRefused(reason: string, write = machine.writeFile(file, NEW)) {
    await expect(write).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining(`cannot write ${file} on ${machine.address}: ${reason}`),
    })
    expect(await readFile(file, 'utf8')).toBe('old\n')
    expect(await readdir(folder)).toEqual(['file'])
  }

  test('a full disk', async () => {
    const content = 'x'.repeat(128 * 1024)
    await expectRefused('no space left on device', machine.writeFile(file, { content, mode: 0o644 }))
  })

  test('a read-only file system', async () => {
    await execa('mount', ['-o', 'remount,ro', small])
    try {
      await expectRefused('read-only file system')
      await expect(machine.removeFile(file)).rejects.toMatchObject({
        message: expect.stringContaining(
          `cannot remove ${file} on ${machine.address}: read-only file system`,
        ),
      })
    } finally {
      await execa('mount', ['-o', 'remount,rw', small])
    }
  })

  test.each(['file', ''])('an immutable %s', async (which) => {
    await execa('chattr', ['+i', join(folder, which)])
    try {
      await expectRefused('not permitted: the file or its folder is immutable')
      await expect(machine.removeFile(file)).rejects.toMatchObject({
        message: expect.stringContaining(`cannot remove ${file} on ${machine.address}: not permitted`),
      })
    } finally {
      await execa('chattr', ['-i', join(folder, which)])
    }
  })

  test('a bind-mounted file', async () => {
    await execa('mount', ['--bind', file, file])
    try {
      await expectRefused('it is a mount point, such as a bind-mounted file')
    } finally {
      await execa('umount', [file])
    }
  })

  test('a part of the path that is a file', async () => {
    await expect(machine.writeFile(`${file}/below`, NEW)).rejects.toMatchObject({
      message: expect.stringContaining(
        `cannot write ${file}/below on ${machine.address}: a part of the path`,
      ),
    })
  })

  test('a folder that cannot be made', async () => {
    await expect(machine.writeFile('/proc/none/file', NEW)).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining(`cannot write /proc/none/file on ${machine.address}: `),
    })
  })
})

describe('without root', () => {
  let file: string
  beforeAll(async () => {
    file = join(dir, 'of-root')
    await writeFile(file, 'old\n')
    await chmod(file, 0o600)
  })

  const refused = (address: string) => [
    `cannot write ${file} on ${address}: permission denied: domus has to run as a user who may do this`,
    `cannot read ${file} on ${address}: permission denied: domus has to run as a user who may do this`,
  ]

  test.each([
    ['local', 'local.ts', 'localMachine()'],
    ['ssh://dom0a', 'ssh.ts', `sshMachine('ssh://dom0a', { command: '${FAKE_SSH}' })`],
  ])('permission is denied: %s', async (address, module, expression) => {
    const url = new URL(`../../../src/machine/${module}`, import.meta.url).href
    const script = `
      const { localMachine, sshMachine } = await import('${url}')
      const machine = ${expression}
      const tell = (error) => console.log(error.message)
      await machine.writeFile('${file}', { content: 'new', mode: 0o644 }).catch(tell)
      await machine.readFile('${file}').catch(tell)
      await machine.close()`
    const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script], {
      uid: 65534,
      gid: 65534,
    })
    expect(stdout.split('\n')).toEqual(refused(address))
    expect(await readFile(file, 'utf8')).toBe('old\n')
  })
})
