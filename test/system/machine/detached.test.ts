import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lookDetached, startDetached } from '../../../src/machine/detached.ts'
import { sshMachine } from '../../../src/machine/ssh.ts'
import { LOOK, lookArgv } from '../../../src/migration/look-script.ts'
import { type Sshd, startSshd } from './sshd.ts'

let sshd: Sshd
beforeAll(async () => {
  sshd = await startSshd()
})
afterAll(() => sshd.close())

const open = () => sshMachine('ssh://root@dm-good', { configFile: sshd.configFile })

test('a program goes on when every connection to its host is cut, and is followed over a new one', async () => {
  const folder = await mkdtemp(join(sshd.folder, 'x'))
  const place = { folder: join(folder, 'menas'), token: 't', systemd: false }
  const gate = join(folder, 'gate')
  const first = open()
  const waiting = `echo begun; until [ -e ${gate} ]; do sleep 0.1; done; echo passed; exit 3`
  await startDetached(first, ['sh', '-c', waiting], place)
  await sshd.cut()
  await first.close()

  const second = open()
  const look = () => lookDetached(second, { ...place, offset: 0 })
  expect(await look()).toMatchObject({ kind: 'going', log: expect.stringMatching(/ begun\n$/) })
  await second.writeFile(gate, { content: '', mode: 0o644 })
  let state = await look()
  for (; state.kind === 'going'; state = await look()) await setTimeout(100)
  expect(state).toMatchObject({ kind: 'ended', exitCode: 3, log: expect.stringMatching(/ passed\n$/) })
  await second.close()
})

test('the look at a host works on a machine without Xen, too: it tells what is not there', async () => {
  const machine = open()
  const { exitCode, stdout, stderr } = await machine.run(lookArgv(), {
    input: 'file /etc/hostname\nfile /none\n',
  })
  await machine.close()
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/^B [0-9a-f-]{36}$/m)
  expect(stdout).toMatch(/^i .*xl/m)
  expect(stdout).toMatch(/^H [0-9a-f]{64} {2}\/etc\/hostname$/m)
  expect(stdout).toMatch(/^H - {2}\/none$/m)
  expect(stdout).toMatch(/^F lo$/m)
  expect(stdout).not.toContain('P migrate') // its own command line holds the word
  expect(LOOK).toContain('P migrate')
})
