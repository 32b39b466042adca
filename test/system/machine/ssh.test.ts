import { once } from 'node:events'
import { mkdtemp, readdir, watch, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sshMachine } from '../../../src/machine/ssh.ts'
import { commandContract, fileContract, lockContract } from '../../integration/machine/contract.ts'
import { freePort, type Sshd, startSshd } from './sshd.ts'

const folderIn = (sshd: () => Sshd) => () => mkdtemp(join(sshd().folder, 'x'))
const open = (sshd: Sshd, host = 'dm-good') =>
  sshMachine(`ssh://root@${host}`, { configFile: sshd.configFile })

describe('a real sshd', () => {
  let sshd: Sshd
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(() => sshd.close())

  const contract = { open: async () => open(sshd), folder: folderIn(() => sshd) }
  fileContract('ssh machine', contract)
  commandContract('ssh machine', contract)
  lockContract('ssh machine', contract)

  test.each([
    ['dm-refused', 'connection refused: no ssh server listens on its ssh port'],
    [
      'dm-unknown',
      'its host key is not known here: run ssh root@dm-unknown once and compare the fingerprint',
    ],
    [
      'dm-changed',
      'its host key is not the known one: if the machine was set up anew, run ssh-keygen -R dm-changed',
    ],
    ['dm-denied', 'permission denied: it takes none of our keys; run ssh-copy-id root@dm-denied'],
  ])('%s is told apart', async (host, meaning) => {
    const machine = open(sshd, host)
    await expect(machine.run(['xl', 'list'])).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(`cannot reach ssh://root@${host} to run xl list: ${meaning}`),
    })
    await machine.close()
  })

  test('a server that does not answer is given up after the connect timeout', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const machine = sshMachine(`ssh://root@127.0.0.1:${port}`, {
      configFile: sshd.configFile,
      connectTimeoutSeconds: 1,
      greetTimeoutSeconds: 1,
    })
    await expect(machine.run(['true'])).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('nothing greets us there in time'),
    })
    await machine.close()
    silent.close()
  })

  test('one that takes the connection and greets late, as a busy machine does, is waited for', async () => {
    const late = createServer((socket) => {
      const greet = () => socket.destroyed || socket.pipe(connect(sshd.port, '127.0.0.1')).pipe(socket)
      setTimeout(greet, 1_500)
    }).listen(0, '127.0.0.1')
    await once(late, 'listening')
    const address = late.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const configFile = join(sshd.folder, 'late')
    await writeFile(configFile, `HostKeyAlias [127.0.0.1]:${sshd.port}\nInclude ${sshd.configFile}\n`)
    const machine = sshMachine(`ssh://root@dm-good:${port}`, { configFile, connectTimeoutSeconds: 1 })
    expect((await machine.run(['echo', 'here'])).stdout).toBe('here\n')
    await machine.close()
    late.close()
  })

  test('a name that does not resolve is told apart', async () => {
    const machine = sshMachine('ssh://nowhere.invalid', { configFile: '/dev/null' })
    await expect(machine.run(['true'])).rejects.toMatchObject({
      message: expect.stringContaining('no address is known for nowhere.invalid'),
    })
    await machine.close()
  })

  test('many commands at once share one connection, and nothing is added to their output', async () => {
    const machine = open(sshd)
    const results = await Promise.all(Array.from({ length: 30 }, (_, n) => machine.run(['echo', String(n)])))
    expect(results.map(({ stdout }) => stdout)).toEqual(results.map((_, n) => `${n}\n`))
    // Of ssh, that is: the start file of a user's shell may say what it likes.
    for (const { stderr } of results) expect(stderr).not.toMatch(/ssh|mux|control ?socket|channel|warning/i)
    await machine.close()
  })

  test('a connection that is cut while a command runs is told, and made again by the next', async () => {
    const machine = open(sshd)
    const dir = await mkdtemp(join(sshd.folder, 'x'))
    await machine.run(['true'])
    const started = firstChange(dir)
    const running = machine.run(['sh', '-c', `touch ${dir}/started; sleep 61`])
    const told = expect(running).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('whether the command was carried out is not known'),
    })
    await started
    await sshd.cut()
    await told
    expect((await machine.run(['echo', 'again'])).stdout).toBe('again\n')
    await machine.close()
  })

  test('a lock over a connection that is cut is free again, and its release says that it was lost', async () => {
    const machine = open(sshd)
    const other = open(sshd)
    const path = `${sshd.folder}/cut.lock`
    const release = await machine.lock(path)
    await sshd.cut()
    await expect(release()).rejects.toMatchObject({ message: expect.stringContaining('was lost') })
    await (await other.lock(path))()
    await Promise.all([machine.close(), other.close()])
  })

  test('a lock dies with the process that holds it', async () => {
    const path = `${sshd.folder}/killed.lock`
    const module = new URL('../../../src/machine/ssh.ts', import.meta.url).href
    const script = `
      const { sshMachine } = await import(${JSON.stringify(module)})
      const machine = sshMachine('ssh://root@dm-good', { configFile: ${JSON.stringify(sshd.configFile)} })
      await machine.lock(${JSON.stringify(path)})
      console.log('locked')
      setInterval(() => {}, 1000)`
    const holder = execa(process.execPath, ['--input-type=module', '-e', script], {
      reject: false,
      buffer: false,
    })
    await once(holder.stdout, 'data')
    const machine = open(sshd)
    await expect(machine.lock(path, { waitMs: 0 })).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining(`process ${holder.pid}`),
    })
    holder.kill('SIGKILL')
    await (await machine.lock(path))()
    await machine.close()
  })

  test('nothing of a connection stays behind', async () => {
    const folder = join(tmpdir(), `domus-ssh-${process.getuid?.()}`)
    const before = await readdir(folder)
    const machine = open(sshd)
    await machine.run(['true'])
    expect((await readdir(folder)).length).toBe(before.length + 1)
    await machine.close()
    expect(await readdir(folder)).toEqual(before)
  })
})

describe('a login shell that is a csh', () => {
  let sshd: Sshd
  beforeAll(async () => {
    sshd = await startSshd('tcsh -f -c "$SSH_ORIGINAL_COMMAND"')
  })
  afterAll(() => sshd.close())

  const contract = { open: async () => open(sshd), folder: folderIn(() => sshd) }
  commandContract('ssh machine with csh', contract)
})

test('a free port is one that nobody answers on', async () => {
  const machine = sshMachine(`ssh://127.0.0.1:${await freePort()}`, { configFile: '/dev/null' })
  await expect(machine.run(['true'])).rejects.toMatchObject({ message: expect.stringContaining('refused') })
  await machine.close()
})

async function firstChange(folder: string): Promise<void> {
  for await (const _ of watch(folder)) return
}
