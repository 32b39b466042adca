import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openMachines } from '../../../src/machine/machines.ts'
import { sshMachine } from '../../../src/machine/ssh.ts'
import { commandContract, fileContract } from './contract.ts'

const FAKE_SSH = resolve(import.meta.dirname, '../../fakes/fake-ssh.sh')

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'domus-ssh-test-'))
})
afterAll(() => rm(dir, { recursive: true }))

const folder = () => mkdtemp(join(dir, 'x'))
const ssh = { open: async () => sshMachine('ssh://root@dom0a', { command: FAKE_SSH }), folder }
fileContract('ssh machine', ssh)
commandContract('ssh machine', ssh)
// Locks are tried over a real ssh, in test/system/machine.

/** The fake ssh with settings of its own. */
async function fakeSsh(settings: Record<string, string>): Promise<string> {
  const path = join(await folder(), 'ssh')
  const exports = Object.entries(settings).map(([name, value]) => `export ${name}='${value}'\n`)
  await writeFile(path, `#!/bin/sh\n${exports.join('')}exec ${FAKE_SSH} "$@"\n`)
  await chmod(path, 0o755)
  return path
}

describe('the ssh command line', () => {
  let calls: string[]
  beforeEach(async () => {
    const log = join(await folder(), 'log')
    const machine = sshMachine('ssh://xen@dom0a.example:2222', {
      command: await fakeSsh({ FAKE_SSH_LOG: log }),
      configFile: '/etc/domus/ssh_config',
    })
    await Promise.all([machine.run(['true']), machine.run(['true']), machine.readFile('/none')])
    await machine.close()
    calls = (await readFile(log, 'utf8')).trim().split('\n')
  })

  test('connects once, shares the connection, and ends it', () => {
    expect(calls.map((call) => /ControlMaster=\w+|-O exit/.exec(call)?.[0])).toEqual([
      'ControlMaster=auto',
      'ControlMaster=no',
      'ControlMaster=no',
      'ControlMaster=no',
      '-O exit',
    ])
  })

  test('never asks, never hangs, and leaves host keys to the configuration', () => {
    for (const call of calls) {
      expect(call).toContain('-F /etc/domus/ssh_config')
      expect(call).toContain('BatchMode=yes')
      expect(call).toContain('ConnectTimeout=10')
      expect(call).toContain('ServerAliveInterval=5')
      expect(call).toContain('-p 2222')
      expect(call).toMatch(/ xen@dom0a\.example$/)
      expect(call).not.toContain('StrictHostKeyChecking')
      expect(call).not.toContain('UserKnownHostsFile')
    }
  })

  test('its socket has a short path, in a folder that is ours alone', async () => {
    const socket = /ControlPath=(\S+)/.exec(calls[0] ?? '')?.[1] ?? ''
    expect(Buffer.byteLength(socket) + 17).toBeLessThan(104)
    const { mode, uid } = await stat(join(socket, '..'))
    expect([mode & 0o7777, uid]).toEqual([0o700, process.getuid?.()])
  })
})

test.each([
  [
    'ssh: connect to host dom0a port 22: Connection refused',
    'connection refused: no ssh server listens on its ssh port',
  ],
  ['ssh: connect to host dom0a port 22: Connection timed out', 'no answer in time'],
  ['Connection timed out during banner exchange', 'its ssh port takes the connection, but nothing greets us'],
  ['ssh: Could not resolve hostname dom0a: Name or service not known', 'no address is known for dom0a'],
  [
    'root@dom0a: Permission denied (publickey,password).',
    'permission denied: it takes none of our keys; run ssh-copy-id root@dom0a,',
  ],
  [
    'No ED25519 host key is known for dom0a and you have requested strict checking.\nHost key verification failed.',
    'its host key is not known here: run ssh root@dom0a once and compare the fingerprint',
  ],
  [
    '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.',
    'its host key is not the known one: if the machine was set up anew, run ssh-keygen -R dom0a',
  ],
  ['kex_exchange_identification: Connection closed by remote host', 'its ssh server closed the connection'],
  ['', 'its ssh server closed the connection'],
  ['something new', 'something new'],
])('ssh says "%s"', async (said, meaning) => {
  const fail = join(await folder(), 'fail')
  await writeFile(fail, `${said}\n`)
  const machine = sshMachine('ssh://root@dom0a', { command: await fakeSsh({ FAKE_SSH_FAIL: fail }) })
  const unreachable = {
    code: 'unreachable',
    message: expect.stringContaining(`cannot reach ssh://root@dom0a to run xl list: ${meaning}`),
  }
  await expect(machine.run(['xl', 'list'])).rejects.toMatchObject(unreachable)
  await machine.close()
})

test('a connection that is cut later is told for every operation', async () => {
  const fail = join(await folder(), 'fail')
  const machine = sshMachine('ssh://root@dom0a', { command: await fakeSsh({ FAKE_SSH_FAIL: fail }) })
  await machine.run(['true'])
  await writeFile(fail, 'Connection to dom0a closed by remote host.\n')
  const unreachable = {
    code: 'unreachable',
    message: expect.stringContaining('cannot reach ssh://root@dom0a'),
  }
  await expect(machine.run(['true'])).rejects.toMatchObject(unreachable)
  await expect(machine.readFile('/x')).rejects.toMatchObject(unreachable)
  await expect(machine.writeFile('/x', { content: '', mode: 0o644 })).rejects.toMatchObject(unreachable)
  await expect(machine.removeFile('/x')).rejects.toMatchObject(unreachable)
  await expect(machine.stat('/x')).rejects.toMatchObject(unreachable)
  await expect(machine.lock('/x')).rejects.toMatchObject(unreachable)
  await machine.close()
})

test('an upload that is cut half way changes nothing', async () => {
  const path = join(await folder(), 'file')
  await writeFile(path, 'old')
  const half = join(await folder(), 'ssh')
  await writeFile(
    half,
    `#!/bin/sh\ncase $* in *' exit 0'|*'-O exit'*) exit 0;; esac\nhead -c 100 | ${FAKE_SSH} "$@"\n`,
  )
  await chmod(half, 0o755)
  const machine = sshMachine('ssh://dom0a', { command: half })
  await expect(machine.writeFile(path, { content: 'x'.repeat(1000), mode: 0o644 })).rejects.toMatchObject({
    code: 'command-failed',
    message: expect.stringContaining('only a part of the file arrived'),
  })
  expect(await readFile(path, 'utf8')).toBe('old')
  expect(await readdir(join(path, '..'))).toEqual(['file'])
  await machine.close()
})

test('a followed command whose connection is cut is told apart', async () => {
  const fail = join(await folder(), 'fail')
  const machine = sshMachine('ssh://dom0a', { command: await fakeSsh({ FAKE_SSH_FAIL: fail }) })
  await machine.run(['true'])
  await writeFile(fail, 'Connection to dom0a closed by remote host.\n')
  const follow = machine.follow(['sh', '-c', 'echo one']).lines[Symbol.asyncIterator]()
  await expect(follow.next()).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining("cannot reach ssh://dom0a to run sh -c 'echo one'"),
  })
  await machine.close()
})

test('a program named ssh that is not there is named', async () => {
  const machine = sshMachine('ssh://dom0a', { command: '/none/ssh' })
  await expect(machine.run(['true'])).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('there is no program /none/ssh'),
  })
  await machine.close()
})

test('one address gives one machine', async () => {
  const { machines, close } = openMachines()
  expect(machines('ssh://dom0a')).toBe(machines('ssh://dom0a'))
  expect(machines('ssh://dom0b')).not.toBe(machines('ssh://dom0a'))
  expect(machines('local').address).toBe('local')
  await close()
})
